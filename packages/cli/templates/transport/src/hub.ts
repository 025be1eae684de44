import { chmod, rm } from "node:fs/promises";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import {
  type Delivery,
  KilonovaError,
  type Listener,
  MemoryTransport,
  MemoryWire,
  messageOf,
} from "@kilonova/messaging";
import { fromFailure, type Reply, type Request, requestSchema, toFailure } from "./frames.js";
import { Line } from "./line.js";

/**
 * Where processes meet. Each connection has a memory transport of its own, and all are on one wire: what a transport promises
 * is kept by these. A connection that ends is a process that died.
 */
export class Hub {
  readonly #wire = new MemoryWire();
  readonly #guests = new Set<Guest>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => {
      const guest = new Guest(socket, new MemoryTransport(this.#wire), () => this.#guests.delete(guest));
      this.#guests.add(guest);
    });
  }

  /** @throws KilonovaError `listen.failed` where another process is at the socket, or it cannot be made */
  static async open(path: string): Promise<Hub> {
    if (await answers(path)) throw new KilonovaError("listen.failed", `Another process serves ${path}.`);
    // A hub that was killed left it.
    await rm(path, { force: true });
    const hub = new Hub();
    await new Promise<void>((resolve, reject) => {
      hub.#server.once("error", (cause) =>
        reject(new KilonovaError("listen.failed", `${path} cannot be served: ${messageOf(cause)}.`, { cause })),
      );
      hub.#server.listen(path, resolve);
    });
    // Whoever can write to it can call everything.
    await chmod(path, 0o600);
    return hub;
  }

  async close(): Promise<void> {
    for (const guest of this.#guests) guest.end();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** What became of a delivery that a process has in its hands. */
interface Held {
  readonly delivery: Delivery;
  readonly done: (body: string | undefined) => void;
  readonly broken: (error: Error) => void;
}

/** A process at the hub. */
class Guest {
  readonly #line: Line<Reply, Request>;
  readonly #calls = new Map<string, AbortController>();
  readonly #listeners = new Map<string, Listener>();
  readonly #held = new Map<number, Held>();
  #deliveries = 0;

  constructor(
    socket: Socket,
    private readonly transport: MemoryTransport,
    leave: () => void,
  ) {
    this.#line = new Line(socket, requestSchema, {
      frame: (frame) => this.#receive(frame),
      end: () => {
        leave();
        void this.transport.close();
        for (const { broken } of this.#held.values()) broken(new Error("the process is gone"));
      },
    });
  }

  end(): void {
    this.#line.end();
  }

  #receive(frame: Request): void {
    if ("id" in frame) void this.#answer(frame);
    else if (frame.is === "cancel") this.#calls.get(frame.call)?.abort();
    else if (frame.is === "working") this.#held.get(frame.delivery)?.delivery.beat();
    else if (frame.is === "done") this.#release(frame.delivery)?.done(frame.body);
    else this.#release(frame.delivery)?.broken(fromFailure(frame.failure));
  }

  async #answer(frame: Extract<Request, { id: string }>): Promise<void> {
    try {
      this.#line.send({ is: "answer", id: frame.id, body: (await this.#perform(frame)) ?? "" });
    } catch (error) {
      this.#line.send({ is: "failed", id: frame.id, failure: toFailure(error) });
    }
  }

  async #perform(frame: Extract<Request, { id: string }>): Promise<string | undefined> {
    switch (frame.is) {
      case "call":
        return this.#call(frame);
      case "cast":
        await this.transport.cast(addressOf(frame.to), frame.body);
        return undefined;
      case "fanout":
        await this.transport.fanout(frame.topic, frame.body);
        return undefined;
      case "listen": {
        const { listener, topic, server, concurrency } = frame;
        const deliver = (delivery: Delivery) => this.#deliver(listener, delivery);
        this.#listeners.set(listener, await this.transport.listen({ topic, server }, deliver, { concurrency }));
        return undefined;
      }
      case "stop":
        await this.#listeners.get(frame.listener)?.stop();
        this.#listeners.delete(frame.listener);
        return undefined;
    }
  }

  async #call({ id, to, body, timeLeft }: Extract<Request, { is: "call" }>): Promise<string> {
    const caller = new AbortController();
    this.#calls.set(id, caller);
    const onBeat = () => this.#line.send({ is: "beat", id });
    try {
      return await this.transport.call(addressOf(to), body, { timeLeft, signal: caller.signal, onBeat });
    } finally {
      this.#calls.delete(id);
    }
  }

  #deliver(listener: string, delivery: Delivery): Promise<string | undefined> {
    const number = ++this.#deliveries;
    const { kind, body, redelivered } = delivery;
    return new Promise((done, broken) => {
      this.#held.set(number, { delivery, done, broken });
      this.#line.send({ is: "delivery", delivery: number, listener, kind, body, redelivered });
    });
  }

  #release(number: number): Held | undefined {
    const held = this.#held.get(number);
    this.#held.delete(number);
    return held;
  }
}

function addressOf({ topic, server }: { readonly topic: string; readonly server?: string | undefined }) {
  return server === undefined ? { topic } : { topic, server };
}
