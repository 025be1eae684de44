import { KilonovaError } from "@kilonova/messaging";
import type { Connection } from "rabbitmq-client";
import { shownAddress } from "./broker-error.js";

/**
 * Whether RabbitMQ has stopped reading from a connection that publishes: it does so while it is short of memory or disk,
 * and says why. What is sent then waits, with the socket, until the alarm is over; what is listened for still comes.
 */
export class BrokerAlarm {
  #reason: string | undefined;

  constructor(
    connection: Connection,
    private readonly url: string,
  ) {
    connection.on("connection.blocked", (reason) => {
      this.#reason = reason;
    });
    const over = () => {
      this.#reason = undefined;
    };
    connection.on("connection.unblocked", over);
    // One that comes back is told anew.
    connection.on("connection", over);
  }

  get isOn(): boolean {
    return this.#reason !== undefined;
  }

  /** Why something could not be sent, where it is the alarm's doing. */
  failure(what: string): KilonovaError | undefined {
    if (this.#reason === undefined) return undefined;
    return new KilonovaError(
      "transport.unreachable",
      `RabbitMQ at ${shownAddress(this.url)} takes no messages (${what}: ${this.#reason}). Give it more of that, or take messages out of its queues; it goes on by itself then.`,
    );
  }
}
