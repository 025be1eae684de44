import type {
  Address,
  CallOptions,
  DeadLetterObserver,
  DeadLetters,
  DeliveryHandler,
  Listener,
  ListenerAddress,
  QueueDepth,
} from "@kilonova/messaging";
import type { Connection } from "rabbitmq-client";

/** `lost`: it will listen again. `ended`: it was told to stop. */
export type ListenerState = "listening" | "lost" | "ended";

/** A queue of a listener, under the broker's name for it. */
export interface NamedQueue {
  readonly queue: string;
  readonly address: Address;
  readonly kind: QueueDepth["kind"];
}

/** A listener that comes back by itself after its connection was lost. */
export interface LastingListener extends Listener {
  readonly state: ListenerState;
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
  /** The queues of listeners that can be looked at, each once. */
  queuesOf(listeners: readonly ListenerAddress[]): readonly NamedQueue[];
  close(): Promise<void>;
}
