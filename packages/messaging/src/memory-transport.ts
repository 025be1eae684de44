import { KilonovaError } from "./kilonova-error.js";
import { MemoryConsumer, type MemoryUndertaker, MemoryWire, THIS_PROCESS } from "./memory-wire.js";
import { PendingCalls } from "./pending-calls.js";
import {
  type Address,
  type CallOptions,
  DEFAULT_CONCURRENCY,
  type DeadLetters,
  type DeliveryHandler,
  type Listener,
  type ListenerAddress,
  type ListenOptions,
  listenerQueues,
  type QueueDepth,
  type Transport,
} from "./transport.js";

const PLUGIN_KIND = Symbol.for("kilonova.plugin");

/**
 * Carries messages inside one process. The same promises as a broker's, but for one: casts that wait when the process
 * ends are gone. Nothing of ours rests on them: an operation's row is the work, a cast only wakes someone.
 *
 * Transports that are given one wire are to each other as processes at one broker.
 */
export class MemoryTransport implements Transport {
  static readonly [PLUGIN_KIND] = { kind: "transport", version: 1 } as const;
  static readonly optionGroups = [] as const;

  readonly #wire: MemoryWire;
  readonly #calls = new PendingCalls();
  readonly vouchesForSenders = true;
  readonly #listeners = new Set<MemoryListener>();
  #closed = false;

  /** @param user whom listeners take it for */
  constructor(
    wire: MemoryWire = new MemoryWire(),
    private readonly user: string = THIS_PROCESS,
  ) {
    this.#wire = wire;
  }

  get deadLetters(): DeadLetters {
    return this.#wire.deadLetters;
  }

  async connect(): Promise<void> {}

  async listen(address: ListenerAddress, handler: DeliveryHandler, options: ListenOptions = {}): Promise<Listener> {
    this.#throwIfClosed();
    const topic = { topic: address.topic };
    const queues = listenerQueues([address]).map(({ kind, address: to }) => this.#wire.queue(kind, to));
    const { deadLetters } = this.#wire;
    const bury: MemoryUndertaker = (letter) => {
      deadLetters.add(letter);
      options.onDeadLetter?.(letter);
    };
    const consumer = new MemoryConsumer(handler, options.concurrency ?? DEFAULT_CONCURRENCY, bury, [
      ...queues,
      this.#wire.queue("fanout", topic),
    ]);
    const listener = new MemoryListener(address, consumer, () => this.#listeners.delete(listener));
    this.#listeners.add(listener);
    return listener;
  }

  async call(address: Address, body: string, options: CallOptions): Promise<string> {
    this.#throwIfClosed();
    const queue = this.#wire.queue("call", address);
    const call = this.#calls.open(address, options);
    if (queue.consumers.length === 0) this.#calls.failUnheard(call.id);
    if (call.gone) return call.answer;
    queue.push({
      kind: "call",
      address,
      body,
      tries: 0,
      sender: this.user,
      caller: {
        deadline: Date.now() + options.timeLeft,
        get gone() {
          return call.gone;
        },
        beat: () => this.#calls.beat(call.id),
        answer: (answer) => this.#calls.answer(call.id, answer),
        fail: (error) => this.#calls.fail(call.id, error),
      },
    });
    return call.answer;
  }

  async cast(address: Address, body: string): Promise<void> {
    this.#throwIfClosed();
    this.#wire.cast(address, body, this.user);
  }

  async fanout(topic: string, body: string): Promise<void> {
    this.#throwIfClosed();
    const address = { topic };
    for (const consumer of [...this.#wire.queue("fanout", address).consumers]) {
      consumer.take({ kind: "fanout", address, body, tries: 0, sender: this.user });
    }
  }

  async queueDepths(): Promise<readonly QueueDepth[]> {
    const addresses = [...this.#listeners].map(({ address }) => address);
    const topics = new Set(addresses.map(({ topic }) => topic));
    return [
      ...listenerQueues(addresses).map(({ kind, address }) => ({
        kind,
        address,
        messages: this.#wire.queue(kind, address).length,
      })),
      ...[...topics].map((topic) => ({
        kind: "dead" as const,
        address: { topic },
        messages: this.#wire.deadLetters.count(topic),
      })),
    ];
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const listener of this.#listeners) listener.close();
    this.#calls.failAll(closed());
  }

  #throwIfClosed(): void {
    if (this.#closed) throw closed();
  }
}

class MemoryListener implements Listener {
  constructor(
    readonly address: ListenerAddress,
    private readonly consumer: MemoryConsumer,
    private readonly leave: () => void,
  ) {}

  async stop(): Promise<void> {
    await this.consumer.stop();
    this.leave();
  }

  close(): void {
    this.consumer.close();
    this.leave();
  }
}

function closed(): KilonovaError {
  return new KilonovaError("transport.closed", "The transport is closed.");
}
