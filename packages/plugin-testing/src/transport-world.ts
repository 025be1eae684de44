import { randomUUID } from "node:crypto";
import type { CallOptions, Delivery, DeliveryHandler, Listener, Transport } from "@kilonova/messaging";
import { Mailbox } from "./mailbox.js";

/** Makes one more transport, connected, that meets the ones made before at the same broker. */
export type MakeTransport = () => Promise<Transport>;

/** A delivery that a check holds in its hand: it decides when and how the work on it ends. */
export interface HeldDelivery {
  readonly delivery: Delivery;
  finish(answer?: string): void;
  fail(): void;
}

/** What one check works with: transports of its own, a topic that nobody else uses, and an end to it all. */
export class TransportWorld {
  readonly topic: string;
  readonly #makeTransport: MakeTransport;
  readonly #transports: Transport[] = [];

  constructor(makeTransport: MakeTransport, newTopic: () => string) {
    this.#makeTransport = makeTransport;
    this.topic = newTopic();
  }

  async transport(): Promise<Transport> {
    const transport = await this.#makeTransport();
    this.#transports.push(transport);
    return transport;
  }

  async end(): Promise<void> {
    await Promise.all(this.#transports.map((transport) => transport.close()));
  }

  /** A listener whose every delivery waits for the check's decision. */
  async hold(transport: Transport, server: string): Promise<{ listener: Listener; held: Mailbox<HeldDelivery> }> {
    const held = new Mailbox<HeldDelivery>();
    const handler: DeliveryHandler = (delivery) =>
      new Promise((resolve, reject) => {
        held.put({ delivery, finish: resolve, fail: () => reject(new Error("failed as the check wants it")) });
      });
    const listener = await transport.listen({ topic: this.topic, server }, handler);
    return { listener, held };
  }
}

/** A topic that nobody else uses. */
export function uniqueTopic(): string {
  return `suite-${randomUUID().slice(0, 8)}`;
}

/** Long enough for any check. */
export function patient(options: Partial<CallOptions> = {}): CallOptions {
  return { timeLeft: 30_000, ...options };
}
