import {
  type Address,
  type CallOptions,
  type DeadLetterObserver,
  type DeadLetters,
  type DeliveryHandler,
  type ListenerAddress,
  listenerQueues,
} from "@kilonova/messaging";
import type { Connection } from "rabbitmq-client";
import { AnswerLine } from "./answer-line.js";
import { brokerUser } from "./broker-error.js";
import { CallLine } from "./call-line.js";
import { ConfirmedLine } from "./confirmed-line.js";
import type { RabbitmqOptions } from "./options.js";
import { RabbitmqDeadLetters } from "./rabbitmq-dead-letters.js";
import { RabbitmqListener } from "./rabbitmq-listener.js";
import { callQueue, castQueue, deadQueue } from "./topology.js";
import type { LastingListener, NamedQueue, Wire } from "./wire.js";

/** Messages and queues of this project's own. Names and arguments of the queues: `docs/decisions/0005-queues.md`. */
export class KilonovaWire implements Wire {
  static readonly hasDeadLetters = true;
  readonly deadLetters: DeadLetters;
  readonly #calls: CallLine;
  readonly #answers: AnswerLine;
  readonly #confirmed: ConfirmedLine;

  constructor(
    connection: Connection,
    private readonly options: RabbitmqOptions,
  ) {
    this.#calls = new CallLine(connection, options.url);
    this.#answers = new AnswerLine(connection);
    this.#confirmed = new ConfirmedLine(connection, options);
    this.deadLetters = new RabbitmqDeadLetters(connection, this.#confirmed, options.url);
  }

  open(): Promise<void> {
    return this.#calls.open();
  }

  call(address: Address, body: string, options: CallOptions): Promise<string> {
    return this.#calls.call(address, body, options);
  }

  cast(address: Address, body: string): Promise<void> {
    return this.#confirmed.cast(address, body);
  }

  fanout(topic: string, body: string): Promise<void> {
    return this.#confirmed.fanout(topic, body);
  }

  listener(
    connection: Connection,
    address: ListenerAddress,
    handler: DeliveryHandler,
    concurrency: number,
    onDeadLetter: DeadLetterObserver | undefined,
  ): LastingListener {
    const { prefetch, url } = this.options;
    const user = brokerUser(url);
    const world = { connection, user, answers: this.#answers, confirmed: this.#confirmed, prefetch, onDeadLetter };
    return new RabbitmqListener(address, handler, concurrency, world);
  }

  queuesOf(listeners: readonly ListenerAddress[]): readonly NamedQueue[] {
    const topics = new Set(listeners.map(({ topic }) => topic));
    return [
      ...listenerQueues(listeners).map(({ kind, address }) => {
        const { queue } = kind === "call" ? callQueue(address) : castQueue(address);
        return { kind, address, queue };
      }),
      ...[...topics].map((topic) => ({ kind: "dead" as const, address: { topic }, queue: deadQueue(topic).queue })),
    ];
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#calls.close(), this.#answers.close(), this.#confirmed.close()]);
  }
}
