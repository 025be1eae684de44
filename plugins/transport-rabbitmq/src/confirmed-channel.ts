import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { isKilonovaError } from "@kilonova/messaging";
import type { Channel, Connection, Envelope } from "rabbitmq-client";
import { BrokerAlarm } from "./broker-alarm.js";
import { brokerError, closed, isRefusal } from "./broker-error.js";
import { LastingChannel } from "./lasting-channel.js";
import type { RabbitmqOptions } from "./options.js";

/** Milliseconds before the next attempt to publish, at least; half as much again at most. */
const RETRY_PAUSE = 200;

/** What is published, and where. */
export interface Publication {
  /** For messages: "a cast". */
  readonly what: string;
  /** The queue or exchange that it goes through, and how that is declared: once on each channel. */
  readonly through: string;
  readonly declare: (channel: Channel) => Promise<void>;
  readonly envelope: Envelope & { readonly messageId: string };
  readonly body: string | Buffer;
}

/**
 * Publishes what must arrive: it resolves when RabbitMQ has confirmed, and tries again within `sendTimeout`, so that a
 * message may arrive twice but is not lost. One that is mandatory and comes back is declared anew and sent again.
 */
export class ConfirmedChannel {
  readonly #channel: LastingChannel;
  readonly #alarm: BrokerAlarm;
  readonly #returned = new Set<string>();
  readonly #closing = new AbortController();
  #declared = new Set<string>();

  constructor(
    connection: Connection,
    private readonly options: RabbitmqOptions,
  ) {
    this.#channel = new LastingChannel(connection, (channel) => this.#prepare(channel));
    this.#alarm = new BrokerAlarm(connection, options.url);
    setMaxListeners(0, this.#closing.signal);
  }

  publish({ what, through, declare, envelope, body }: Publication): Promise<void> {
    const { messageId } = envelope;
    return this.#untilConfirmed(what, async (channel) => {
      if (!this.#declared.has(through)) await this.#declare(through, () => declare(channel));
      this.#channel.writes.begin();
      await channel.basicPublish(envelope, body);
      if (!envelope.mandatory) return;
      // The return comes before the confirmation but is announced in a later turn.
      await new Promise((resolve) => setImmediate(resolve));
      if (!this.#returned.delete(messageId)) return;
      this.#declared.delete(through);
      throw new Error(`${through} is gone`);
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#channel.close();
  }

  async #untilConfirmed(what: string, attempt: (channel: Channel) => Promise<void>): Promise<void> {
    const deadline = Date.now() + this.options.sendTimeout;
    for (;;) {
      try {
        return await before(deadline, this.#channel.open().then(attempt));
      } catch (error) {
        if (this.#closing.signal.aborted) throw closed();
        if (isRefusal(error) || isKilonovaError(error) || Date.now() + RETRY_PAUSE >= deadline) {
          throw this.#alarm.failure(what) ?? brokerError(this.options.url, what, error);
        }
      }
      await pause(RETRY_PAUSE * (1 + Math.random() / 2), undefined, { signal: this.#closing.signal }).catch(() => {});
    }
  }

  /** For this channel, not for one that may have taken its place meanwhile. */
  async #declare(name: string, declare: () => Promise<void>): Promise<void> {
    const declared = this.#declared;
    await declare();
    declared.add(name);
  }

  async #prepare(channel: Channel): Promise<void> {
    this.#declared = new Set();
    this.#returned.clear();
    channel.on("basic.return", ({ messageId }) => this.#returned.add(messageId ?? ""));
    await channel.confirmSelect();
  }
}

/** A confirmation that never comes must not hold its caller for ever. */
function before(deadline: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error("no confirmation in time"));
    const timer = setTimeout(late, Math.max(0, deadline - Date.now()));
    const inTime = (settle: () => void) => {
      clearTimeout(timer);
      settle();
    };
    work.then(
      () => inTime(resolve),
      (error: unknown) => inTime(() => reject(error)),
    );
  });
}
