import { isHopeless } from "./hopeless.js";
import { KilonovaError } from "./kilonova-error.js";
import { MemoryDeadLetters } from "./memory-dead-letters.js";
import {
  type Address,
  DELIVERY_LIMIT,
  type DeadLetter,
  type Delivery,
  type DeliveryHandler,
  reasonText,
  redeliveryPause,
} from "./transport.js";

/** Who sends in the memory of a process, unless it says otherwise: the process itself. */
export const THIS_PROCESS = "process";

/** A call, cast or fanout on its way. */
export interface MemoryMessage {
  readonly kind: Delivery["kind"];
  readonly address: Address;
  readonly body: string;
  /** How often a cast has been tried. */
  readonly tries: number;
  readonly sender: string;
  /** What a call's caller waits with; `gone` is true once it waits no longer. */
  readonly caller?: {
    readonly deadline: number;
    readonly gone: boolean;
    beat(): void;
    answer(body: string): void;
    fail(error: Error): void;
  };
}

/** The queues of one process, by name. What a broker is to processes, this is to the transports that share it. */
export class MemoryWire {
  readonly deadLetters = new MemoryDeadLetters((address, body) => this.cast(address, body));
  readonly #queues = new Map<string, MemoryQueue>();

  queue(kind: Delivery["kind"], { topic, server }: Address): MemoryQueue {
    const name = [kind, topic, ...(server === undefined ? [] : [server])].join(" ");
    const queue = this.#queues.get(name) ?? new MemoryQueue();
    this.#queues.set(name, queue);
    return queue;
  }

  cast(address: Address, body: string, sender: string = THIS_PROCESS): void {
    this.queue("cast", address).push({ kind: "cast", address, body, tries: 0, sender });
  }
}

/** Messages that wait, and the consumers that share them, in turn. */
export class MemoryQueue {
  readonly #consumers: MemoryConsumer[] = [];
  readonly #messages: MemoryMessage[] = [];

  get consumers(): readonly MemoryConsumer[] {
    return this.#consumers;
  }

  /** How many messages wait. */
  get length(): number {
    return this.#messages.length;
  }

  push(message: MemoryMessage): void {
    this.#messages.push(message);
    this.pump();
  }

  join(consumer: MemoryConsumer): void {
    this.#consumers.push(consumer);
    this.pump();
  }

  /** Calls that wait when the last consumer leaves are told so; casts wait on. */
  leave(consumer: MemoryConsumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index >= 0) this.#consumers.splice(index, 1);
    if (this.#consumers.length > 0) return;
    const calls = this.#messages.filter(({ caller }) => caller);
    for (const { caller } of calls) caller?.fail(new KilonovaError("rpc.noListener", "The last listener has left."));
    this.#messages.splice(0, this.#messages.length, ...this.#messages.filter(({ caller }) => !caller));
  }

  /** Hands out what waits to whoever has a free hand. */
  pump(): void {
    while (this.#messages.length > 0) {
      const index = this.#consumers.findIndex((consumer) => consumer.free);
      const [consumer] = index < 0 ? [] : this.#consumers.splice(index, 1);
      const message = consumer && this.#messages.shift();
      if (!consumer || !message) return;
      this.#consumers.push(consumer);
      if (!message.caller?.gone) consumer.take(message, this);
    }
  }
}

/** Puts a cast aside. */
export type MemoryUndertaker = (letter: Omit<DeadLetter, "id" | "at">) => void;

/** A listener's share in the queues it consumes. */
export class MemoryConsumer {
  readonly #queues: readonly MemoryQueue[];
  readonly #running = new Set<Promise<void>>();
  /** Casts that are not done, with the queue they go back to. */
  readonly #unacknowledged = new Map<MemoryMessage, MemoryQueue>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(
    private readonly handler: DeliveryHandler,
    private readonly concurrency: number,
    private readonly bury: MemoryUndertaker,
    queues: readonly MemoryQueue[],
  ) {
    this.#queues = queues;
    for (const queue of queues) queue.join(this);
  }

  get free(): boolean {
    return this.#running.size < this.concurrency;
  }

  /** @param queue where a cast goes back to when it is not done */
  take(message: MemoryMessage, queue?: MemoryQueue): void {
    if (message.kind === "cast" && queue) this.#unacknowledged.set(message, queue);
    const work = this.#work(message).finally(() => {
      this.#running.delete(work);
      for (const own of this.#queues) own.pump();
    });
    this.#running.add(work);
  }

  /** Takes no more and waits for what was taken. What failed goes back at once. */
  async stop(): Promise<void> {
    for (const queue of this.#queues) queue.leave(this);
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    this.#giveBack();
  }

  /** Takes no more and waits for nothing: casts that are not done go to others, as after a crash. */
  close(): void {
    this.#closed = true;
    for (const queue of this.#queues) queue.leave(this);
    this.#giveBack();
  }

  async #work(message: MemoryMessage): Promise<void> {
    const { kind, body, tries, caller, sender } = message;
    // A message is never worked on in the sender's own turn: the wire between two processes would not do that either.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      const deadline = caller && { deadline: caller.deadline };
      const beat = () => caller?.beat();
      const answer = await this.handler({ kind, body, redelivered: tries > 0, sender, ...deadline, beat });
      if (!this.#closed) caller?.answer(answer ?? "");
      this.#unacknowledged.delete(message);
    } catch (error) {
      if (!this.#closed) caller?.fail(failed(error));
      this.#retryLater(message, error);
    }
  }

  #retryLater(message: MemoryMessage, error: unknown): void {
    if (!this.#unacknowledged.has(message)) return;
    const deliveries = message.tries + 1;
    if (deliveries >= DELIVERY_LIMIT || isHopeless(error)) {
      this.#unacknowledged.delete(message);
      const { address, body } = message;
      this.bury({ address, body, deliveries, reason: reasonText(error) });
      return;
    }
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#requeue(message);
      },
      redeliveryPause(message.tries + 1),
    );
    this.#timers.add(timer);
  }

  #giveBack(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const message of [...this.#unacknowledged.keys()]) this.#requeue(message);
  }

  #requeue(message: MemoryMessage): void {
    const queue = this.#unacknowledged.get(message);
    this.#unacknowledged.delete(message);
    queue?.push({ ...message, tries: message.tries + 1 });
  }
}

/** A handler's failure as the caller of a call sees it: no object of another process's. */
function failed(error: unknown): KilonovaError {
  return new KilonovaError("rpc.failed", error instanceof Error ? error.message : String(error));
}
