import type {
  Address,
  CallOptions,
  DeadLetterObserver,
  DeadLetters,
  DeliveryHandler,
  Listener,
  ListenerAddress,
} from "@kilonova/messaging";
import type { Connection } from "rabbitmq-client";

/** A listener that comes back by itself after its connection was lost. */
export interface LastingListener extends Listener {
  /** Resolves when it listens. */
  open(): Promise<void>;
  /** Lets go at once. */
  close(): Promise<void>;
}

/** How messages look, and which queues they go through: option `rabbitmq.envelope` chooses it. One for a process. */
export interface Wire {
  /** On the connection that sends. Resolves when answers can come. */
  open(): Promise<void>;
  call(address: Address, body: string, options: CallOptions): Promise<string>;
  cast(address: Address, body: string): Promise<void>;
  fanout(topic: string, body: string): Promise<void>;
  readonly deadLetters?: DeadLetters;
  /** On a connection of its own. */
  listener(
    connection: Connection,
    address: ListenerAddress,
    handler: DeliveryHandler,
    concurrency: number,
    onDeadLetter: DeadLetterObserver | undefined,
  ): LastingListener;
  close(): Promise<void>;
}
