import { createConnection, type Socket } from "node:net";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Address,
  type CallOptions,
  DEFAULT_CONCURRENCY,
  type DeliveryHandler,
  KilonovaError,
  type Listener,
  type ListenerAddress,
  type ListenOptions,
  messageOf,
  PendingCalls,
  type Transport,
} from "@kilonova/messaging";
import { duration, type Options, optionGroup, PLUGIN_KIND, type PluginTag } from "@kilonova/plugin-api";
import { z } from "zod";
import { fromFailure, type Reply, type Request, replySchema, toFailure } from "./frames.js";
import { Hub } from "./hub.js";
import { Line } from "./line.js";

/** The options of this transport. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    socket: z
      .string()
      .min(1)
      .max(100)
      .default("kilonova.sock")
      .describe("The Unix socket at which processes meet; from the folder that they are started in where relative."),
    serve: z.boolean().default(false).describe("This process is the one that the others connect to."),
    connectTimeout: duration("10s").describe("How long a process waits for the one that serves the socket."),
  }),
);

/** Milliseconds between two attempts to connect. */
const PAUSE = 100;
/** Milliseconds for what the hub does at once. */
const PATIENCE = 30_000;

type HubLine = Line<Request, Reply>;

/** Something asked of the hub, but for the id that its answer names it by. */
type Asked = Request extends infer Each ? (Each extends { id: string } ? Omit<Each, "id"> : never) : never;

/**
 * Carries messages over a Unix socket.
 *
 * - A call is at most once: it fails with `rpc.noListener` at once when nobody listens.
 * - A cast is at least once: when `cast` resolves the hub has it, whether or not somebody listens yet.
 * - A fanout reaches who listens now.
 *
 * A connection that is lost comes back by itself: calls in flight fail with `transport.unreachable`, listeners listen again.
 * A transport is made before everything else, so its class names the groups of options that its constructor is given.
 */
export class SamplePlugin implements Transport {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "transport", version: 1 };
  static readonly optionGroups = [samplePluginOptions] as const;

  readonly #path: string;
  readonly #calls = new PendingCalls();
  readonly #listeners = new Map<string, SocketListener>();
  #hub: Hub | undefined;
  #opening: Promise<HubLine> | undefined;
  #isClosed = false;
  #listenersMade = 0;

  constructor(private readonly settings: Options<typeof samplePluginOptions>) {
    this.#path = resolve(settings.socket);
  }

  async connect(): Promise<void> {
    if (this.settings.serve) this.#hub = await Hub.open(this.#path);
    await this.#line();
  }

  async listen(address: ListenerAddress, handler: DeliveryHandler, options: ListenOptions = {}): Promise<Listener> {
    const id = String(++this.#listenersMade);
    const listener = new SocketListener(address, handler, options.concurrency ?? DEFAULT_CONCURRENCY, async () => {
      // What the hub has sent before it hears of it is still worked on.
      if (!this.#isClosed) await this.#ask({ is: "stop", listener: id }, address, { timeLeft: Number.MAX_VALUE });
    });
    this.#listeners.set(id, listener);
    try {
      await this.#ask({ is: "listen", listener: id, ...listener.spec }, address, { timeLeft: PATIENCE });
    } catch (error) {
      this.#listeners.delete(id);
      throw error;
    }
    return listener;
  }

  async call(to: Address, body: string, options: CallOptions): Promise<string> {
    return this.#ask({ is: "call", to, body, timeLeft: options.timeLeft }, to, options);
  }

  async cast(to: Address, body: string): Promise<void> {
    await this.#ask({ is: "cast", to, body }, to, { timeLeft: PATIENCE });
  }

  async fanout(topic: string, body: string): Promise<void> {
    await this.#ask({ is: "fanout", topic, body }, { topic }, { timeLeft: PATIENCE });
  }

  /** Lets go at once: calls in flight fail, casts that listeners have not finished go to others. Safe to repeat. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#calls.failAll(closed());
    const line = await this.#opening?.catch(() => undefined);
    line?.end();
    await this.#hub?.close();
    this.#hub = undefined;
  }

  /** Asks the hub; whatever comes first is the end of it: the answer, the deadline, the caller's abort, a lost line. */
  async #ask(asked: Asked, to: Address, options: CallOptions): Promise<string> {
    const line = await this.#line();
    const call = this.#calls.open(to, options);
    const cancel = () => line.send({ is: "cancel", call: call.id });
    options.signal?.addEventListener("abort", cancel);
    if (!call.gone) line.send({ ...asked, id: call.id });
    try {
      return await call.answer;
    } finally {
      options.signal?.removeEventListener("abort", cancel);
    }
  }

  #line(): Promise<HubLine> {
    if (this.#isClosed) return Promise.reject(closed());
    const opening = this.#opening ?? this.#open();
    this.#opening = opening;
    opening.catch(() => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    return opening;
  }

  async #open(): Promise<HubLine> {
    const line: HubLine = new Line(await this.#connected(), replySchema, {
      frame: (frame) => this.#receive(frame, line),
      end: () => void this.#comeBack(),
    });
    for (const [listener, { spec, isStopping }] of this.#listeners) {
      if (!isStopping) line.send({ is: "listen", id: `again-${listener}`, listener, ...spec });
    }
    return line;
  }

  /** Waits for the process that serves the socket. */
  async #connected(): Promise<Socket> {
    for (const end = Date.now() + this.settings.connectTimeout; ; await sleep(PAUSE)) {
      try {
        return await connectTo(this.#path);
      } catch (cause) {
        if (this.#isClosed) throw closed();
        if (Date.now() < end) continue;
        const words = `Nobody serves ${this.#path}: ${messageOf(cause)}. Start the process that does first.`;
        throw new KilonovaError("transport.unreachable", words, { cause });
      }
    }
  }

  /** The line was lost. Who only sends connects again with the next message. */
  async #comeBack(): Promise<void> {
    if (this.#isClosed) return;
    this.#opening = undefined;
    this.#calls.failAll(new KilonovaError("transport.unreachable", `The connection to ${this.#path} was lost.`));
    const isHeard = () => [...this.#listeners.values()].some(({ isStopping }) => !isStopping);
    while (!this.#isClosed && isHeard()) {
      const isBack = await this.#line().then(
        () => true,
        () => false,
      );
      if (isBack) return;
    }
  }

  #receive(frame: Reply, line: HubLine): void {
    if (frame.is === "answer") this.#calls.answer(frame.id, frame.body);
    else if (frame.is === "failed") this.#calls.fail(frame.id, fromFailure(frame.failure));
    else if (frame.is === "beat") this.#calls.beat(frame.id);
    else void this.#work(frame, line);
  }

  async #work(frame: Extract<Reply, { is: "delivery" }>, line: HubLine): Promise<void> {
    const { delivery, listener, kind, body, redelivered } = frame;
    const beat = () => line.send({ is: "working", delivery });
    try {
      const known = this.#listeners.get(listener);
      if (!known) throw new Error("the listener has stopped");
      const answer = await known.handler({ kind, body, redelivered, beat });
      line.send({ is: "done", delivery, ...(answer === undefined ? {} : { body: answer }) });
    } catch (error) {
      line.send({ is: "broken", delivery, failure: toFailure(error) });
    }
  }
}

class SocketListener implements Listener {
  #stopping: Promise<void> | undefined;

  constructor(
    readonly address: ListenerAddress,
    readonly handler: DeliveryHandler,
    private readonly concurrency: number,
    private readonly leave: () => Promise<void>,
  ) {}

  /** As the hub is told of it. */
  get spec() {
    return { ...this.address, concurrency: this.concurrency };
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Takes no new messages; resolves when those that were taken are done. Where the line was lost there are none. */
  stop(): Promise<void> {
    this.#stopping ??= this.leave().catch(() => {});
    return this.#stopping;
  }
}

function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once("error", reject);
    socket.once("connect", () => resolve(socket));
  });
}

function closed(): KilonovaError {
  return new KilonovaError("transport.closed", "The transport is closed.");
}
