import { type Address, type CallOptions, type EnvelopeCodec, PendingCalls } from "@kilonova/messaging";
import type { AsyncMessage, Channel, Connection } from "rabbitmq-client";
import { brokerError, closed, unreachable } from "../broker-error.js";
import { LastingChannel } from "../lasting-channel.js";
import { fromOsloAnswer } from "./oslo-answer.js";
import { CONTENT, unwrap, wrap } from "./oslo-envelope.js";
import { toOsloRequest } from "./oslo-request.js";
import { replyQueue, topicExchange, topicKey } from "./oslo-topology.js";

/** Seconds: who works on a long call for us beats twice as often. */
const MONITOR = 20;
/** Milliseconds; RabbitMQ takes no more. */
const LONGEST_EXPIRATION = 2 ** 31 - 1;

/** The calls of a process, and the one queue of its own that answers come to. */
export class OsloCallLine {
  readonly #calls = new PendingCalls();
  readonly #channel: LastingChannel;
  #replyQueue = "";

  constructor(
    connection: Connection,
    private readonly codec: EnvelopeCodec,
    private readonly settings: { readonly url: string; readonly osloExchange: string },
  ) {
    const lost = () => unreachable(settings.url, "the connection was lost before the answer came");
    this.#channel = new LastingChannel(
      connection,
      (channel) => this.#prepare(channel),
      () => this.#calls.failAll(lost()),
    );
  }

  async open(): Promise<void> {
    await this.#channel.open();
  }

  async call(address: Address, body: string, options: CallOptions): Promise<string> {
    const call = this.#calls.open(address, options);
    this.#send(address, call.id, body, options, () => call.gone).catch((error: unknown) => {
      this.#calls.fail(call.id, brokerError(this.settings.url, "a call", error));
    });
    return call.answer;
  }

  async close(): Promise<void> {
    this.#calls.failAll(closed());
    await this.#channel.close();
  }

  async #send(address: Address, id: string, body: string, options: CallOptions, gone: () => boolean): Promise<void> {
    const deadline = Date.now() + options.timeLeft;
    const channel = await this.#channel.open();
    if (gone()) return;
    const replyTo = { messageId: id, queue: this.#replyQueue, monitor: options.onBeat ? MONITOR : undefined };
    const message = toOsloRequest(address.topic, this.codec.decodeRequest(body), replyTo);
    this.#channel.writes.begin();
    await channel.basicPublish(
      {
        exchange: this.settings.osloExchange,
        routingKey: topicKey(address),
        // Who has no queue does not listen. One that stayed behind keeps the call until its time is up, as oslo's does.
        mandatory: true,
        correlationId: id,
        expiration: String(Math.max(1, Math.ceil(Math.min(deadline - Date.now(), LONGEST_EXPIRATION)))),
        ...CONTENT,
      },
      wrap(message),
    );
  }

  async #prepare(channel: Channel): Promise<void> {
    const reply = replyQueue();
    channel.on("basic.return", ({ correlationId }) => this.#calls.failUnheard(correlationId ?? ""));
    channel.on("basic.cancel", () => void channel.close());
    // Publishing to an exchange that is not there would close the channel.
    await channel.exchangeDeclare(topicExchange(this.settings.osloExchange));
    await channel.queueDeclare(reply);
    await channel.basicConsume({ queue: reply.queue, noAck: true }, (message) => this.#receive(message));
    this.#replyQueue = reply.queue;
  }

  /** What cannot be read is nobody's answer: its caller has a deadline. */
  #receive(message: AsyncMessage): void {
    try {
      const answer = fromOsloAnswer(unwrap(message));
      if (answer.type === "beat") this.#calls.beat(answer.messageId);
      else this.#calls.answer(answer.messageId, JSON.stringify(answer.answer));
    } catch {
      // Said by nobody who follows the protocol.
    }
  }
}
