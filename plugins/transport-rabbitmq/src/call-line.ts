import { type Address, type CallOptions, PendingCalls } from "@kilonova/messaging";
import type { AsyncMessage, Channel, Connection } from "rabbitmq-client";
import { bodyOf, failureOf } from "./answer.js";
import { BrokerAlarm } from "./broker-alarm.js";
import { brokerError, brokerUser, closed, codeOf, unreachable } from "./broker-error.js";
import { BrokerLook } from "./broker-look.js";
import { CallWatch } from "./call-watch.js";
import { LastingChannel } from "./lasting-channel.js";
import { callExchange, callQueue, declareOrFind, declareReplyQueue, replyExchange, replyQueue } from "./topology.js";

/**
 * The calls of a process, and the one queue of its own that the answers come to. Calls are not confirmed: the answer is
 * the confirmation. They are mandatory: what no queue takes is returned, for then nobody listens.
 */
export class CallLine {
  readonly #calls = new PendingCalls();
  readonly #channel: LastingChannel;
  readonly #watch: CallWatch;
  readonly #alarm: BrokerAlarm;
  readonly #connection: Connection;
  readonly #user: string;
  /** Exchanges that are there: to publish to one that is not would cost the channel, and all calls on it. */
  #known = new Set<string>();
  readonly #finding = new Map<string, Promise<void>>();
  #replyTo = "";

  constructor(
    connection: Connection,
    private readonly url: string,
  ) {
    this.#user = brokerUser(url);
    this.#connection = connection;
    // With the connection goes the queue of answers, and with that whatever was on its way to it.
    const onLost = () => {
      this.#calls.failAll(unreachable(url, "the connection was lost before the answer came"));
      // Where the broker comes back empty, late answers to those calls want an exchange, or they cost their channel.
      this.#channel.open().catch(() => {});
    };
    this.#channel = new LastingChannel(connection, (channel) => this.#prepare(channel), onLost);
    this.#watch = new CallWatch(this.#calls, new BrokerLook(connection, url));
    this.#alarm = new BrokerAlarm(connection, url);
  }

  /** @throws what {@link LastingChannel.open} throws */
  async open(): Promise<void> {
    await this.#channel.open();
  }

  async call(address: Address, body: string, options: CallOptions): Promise<string> {
    const call = this.#calls.open(address, options);
    this.#send(address, call.id, body, options.timeLeft, () => call.gone).catch((error: unknown) => {
      // Where there is no exchange for the topic, nobody has ever listened.
      if (codeOf(error) === "NOT_FOUND") this.#calls.failUnheard(call.id);
      else this.#calls.fail(call.id, brokerError(this.url, "a call", error));
    });
    return this.#alarm.isOn ? this.#answerDespiteAlarm(call.answer) : call.answer;
  }

  async close(): Promise<void> {
    this.#calls.failAll(closed());
    await Promise.all([this.#watch.close(), this.#channel.close()]);
  }

  async #send(address: Address, id: string, body: string, timeLeft: number, gone: () => boolean): Promise<void> {
    const deadline = Date.now() + timeLeft;
    const through = callExchange(address);
    if (!this.#known.has(through.exchange)) await this.#know(through);
    const channel = await this.#channel.open();
    if (gone()) return;
    this.#channel.writes.begin();
    await channel.basicPublish(
      {
        exchange: through.exchange,
        routingKey: callQueue(address).queue,
        userId: this.#user,
        mandatory: true,
        replyTo: this.#replyTo,
        correlationId: id,
        expiration: String(Math.max(1, Math.ceil(Math.min(deadline - Date.now(), LONGEST_EXPIRATION)))),
      },
      body,
    );
  }

  async #prepare(channel: Channel): Promise<void> {
    const reply = replyQueue(this.#user);
    this.#known = new Set();
    channel.on("basic.return", ({ correlationId }) => this.#calls.failUnheard(correlationId ?? ""));
    channel.on("basic.cancel", () => void channel.close());
    await declareOrFind(this.#connection, replyExchange(this.#user));
    await declareReplyQueue(channel, this.#user, reply);
    await channel.basicConsume({ queue: reply.queue, noAck: true }, (message) => this.#receive(message));
    this.#replyTo = reply.queue;
  }

  /** That its time was up would say nothing of who kept the call from being sent. */
  #answerDespiteAlarm(answer: Promise<string>): Promise<string> {
    return answer.catch((error: unknown) => {
      throw this.#alarm.failure("a call") ?? error;
    });
  }

  /** Many calls may be the first. */
  #know(through: ReturnType<typeof callExchange>): Promise<void> {
    const { exchange } = through;
    const finding = this.#finding.get(exchange) ?? this.#find(through).finally(() => this.#finding.delete(exchange));
    this.#finding.set(exchange, finding);
    return finding;
  }

  async #find(through: ReturnType<typeof callExchange>): Promise<void> {
    await this.#channel.open();
    const known = this.#known;
    await declareOrFind(this.#connection, through);
    known.add(through.exchange);
  }

  #receive(message: AsyncMessage): void {
    const { correlationId = "", type } = message;
    if (type === "beat") this.#calls.beat(correlationId);
    else if (type === "failure") this.#calls.fail(correlationId, failureOf(message));
    else this.#calls.answer(correlationId, bodyOf(message));
  }
}

/** Milliseconds; RabbitMQ takes no more. */
const LONGEST_EXPIRATION = 2 ** 31 - 1;
