import {
  type Address,
  type CallOptions,
  type DeliveryHandler,
  EnvelopeCodec,
  type ListenerAddress,
  listenerQueues,
} from "@kilonova/messaging";
import type { Connection } from "rabbitmq-client";
import { ConfirmedChannel } from "../confirmed-channel.js";
import type { RabbitmqOptions } from "../options.js";
import type { LastingListener, NamedQueue, Wire } from "../wire.js";
import { OsloCallLine } from "./oslo-call-line.js";
import { CONTENT, wrap } from "./oslo-envelope.js";
import { OsloListener } from "./oslo-listener.js";
import { OsloReplyLine } from "./oslo-reply-line.js";
import { toOsloRequest } from "./oslo-request.js";
import { fanoutExchange, topicExchange, topicKey, topicQueue } from "./oslo-topology.js";

/** Messages and queues as oslo.messaging has them: `docs/decisions/0020-oslo-on-the-wire.md`. */
export class OsloWire implements Wire {
  static readonly hasDeadLetters = false;
  readonly #codec = new EnvelopeCodec();
  readonly #calls: OsloCallLine;
  readonly #replies: OsloReplyLine;
  readonly #confirmed: ConfirmedChannel;

  constructor(
    connection: Connection,
    private readonly options: RabbitmqOptions,
  ) {
    this.#calls = new OsloCallLine(connection, this.#codec, options);
    this.#replies = new OsloReplyLine(connection);
    this.#confirmed = new ConfirmedChannel(connection, options);
  }

  open(): Promise<void> {
    return this.#calls.open();
  }

  call(address: Address, body: string, options: CallOptions): Promise<string> {
    return this.#calls.call(address, body, options);
  }

  /** Where no server has been yet there is no queue, and the cast is lost: so it is with oslo.messaging. */
  async cast(address: Address, body: string): Promise<void> {
    const request = this.#codec.decodeRequest(body);
    const exchange = topicExchange(this.options.osloExchange);
    await this.#confirmed.publish({
      what: "a cast",
      through: exchange.exchange,
      declare: (channel) => channel.exchangeDeclare(exchange),
      envelope: { exchange: exchange.exchange, routingKey: topicKey(address), messageId: request.id, ...CONTENT },
      body: wrap(toOsloRequest(address.topic, request)),
    });
  }

  async fanout(topic: string, body: string): Promise<void> {
    const request = this.#codec.decodeRequest(body);
    const exchange = fanoutExchange(topic);
    await this.#confirmed.publish({
      what: "a fanout",
      through: exchange.exchange,
      declare: (channel) => channel.exchangeDeclare(exchange),
      envelope: { exchange: exchange.exchange, messageId: request.id, ...CONTENT },
      body: wrap(toOsloRequest(topic, request)),
    });
  }

  listener(
    connection: Connection,
    address: ListenerAddress,
    handler: DeliveryHandler,
    concurrency: number,
  ): LastingListener {
    const { prefetch, osloExchange: exchange } = this.options;
    const world = { codec: this.#codec, replies: this.#replies, exchange, prefetch };
    return new OsloListener(connection, address, handler, concurrency, world);
  }

  /** Calls and casts share a queue: it is counted with the casts. */
  queuesOf(listeners: readonly ListenerAddress[]): readonly NamedQueue[] {
    const queues = listenerQueues(listeners).filter(({ kind }) => kind === "cast");
    return queues.map(({ kind, address }) => ({ kind, address, queue: topicQueue(address).queue }));
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#calls.close(), this.#replies.close(), this.#confirmed.close()]);
  }
}
