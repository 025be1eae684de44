import { withoutPasswords } from "@kilonova/config";
import { isKilonovaError, messageOf } from "./kilonova-error.js";

/** Characters */
const LONGEST_REASON = 1_000;

/** Where a message goes: to any listener of a topic, or to the one of that host. */
export interface Address {
  readonly topic: string;
  readonly server?: string;
}

/** An address in words: `compute on host node1`. */
export function addressText({ topic, server }: Address): string {
  return server === undefined ? topic : `${topic} on host ${server}`;
}

/** Where a listener is: it hears its topic (sharing it with others of the topic), its own host, and the topic's fanout. */
export interface ListenerAddress {
  readonly topic: string;
  readonly server: string;
}

export interface CallOptions {
  /** Milliseconds until nobody waits for the answer any more; the message itself expires with it. */
  readonly timeLeft: number;
  /** The caller gives up. */
  readonly signal?: AbortSignal;
  /** Called each time the one who works on the call beats. */
  readonly onBeat?: () => void;
}

/** A message as a listener gets it. */
export interface Delivery {
  readonly kind: "call" | "cast" | "fanout";
  readonly body: string;
  /** It was delivered before, to somebody who did not finish. Only casts are. */
  readonly redelivered: boolean;
  /**
   * Of a call: when its caller stops waiting, in milliseconds since 1970 by this process's clock; what it waited here for its
   * turn is in it. Absent where the transport cannot tell: then the time left that the message names counts from now.
   */
  readonly deadline?: number;
  /**
   * The broker's user who sent it, vouched for by the broker: no sender can name another. Absent where the transport
   * cannot tell, and where it could ({@link Transport.vouchesForSenders}) but the sender kept its name to itself.
   */
  readonly sender?: string;
  /** Tells the caller that work goes on. Does nothing unless it is a call. */
  beat(): void;
}

/**
 * Called for each message. A call is begun at most once, and never again after it failed. A cast is acknowledged after the
 * promise settles: resolved, it is done; rejected, it is delivered again after a pause that grows, until the delivery limit
 * takes it out of the way, or it is taken out of the way at once where its failure is hopeless (`isHopeless`).
 * What a call's promise resolves to is the body of its answer; rejected, its caller gets `rpc.failed`.
 */
export type DeliveryHandler = (delivery: Delivery) => Promise<string | undefined>;

export interface ListenOptions {
  /** How many calls and casts may be worked on at the same time; 64 where it is not said. */
  readonly concurrency?: number;
  /** Told of each cast that this listener put aside. */
  readonly onDeadLetter?: DeadLetterObserver;
}

/** Called when a cast is safe where the dead letters are. */
export type DeadLetterObserver = (letter: Pick<DeadLetter, "deliveries" | "reason" | "body">) => void;

/** How many calls and casts a listener works on at the same time unless it says otherwise. */
export const DEFAULT_CONCURRENCY = 64;

/** A cast that failed so often is taken out of the way: into the dead-letter queue, where the transport has one. */
export const DELIVERY_LIMIT = 5;

/** Milliseconds between a cast's failure and its next delivery, after so many deliveries: no hot loops. */
export function redeliveryPause(deliveries: number): number {
  return 100 * 2 ** (deliveries - 1);
}

/** A cast that failed too often, or that nobody could ever understand, as it is kept. */
export interface DeadLetter {
  /** Of this letter; stays the same as long as it is kept. */
  readonly id: string;
  readonly address: Address;
  /** Milliseconds since 1970, by the broker's clock or that of the listener that gave it up. */
  readonly at: number;
  readonly deliveries: number;
  /** Why the last delivery failed, in words. */
  readonly reason: string;
  /** What was cast. Casts carry no token. */
  readonly body: string;
}

/** Why a cast that failed is put aside, as a text that a broker can carry along: passwords of addresses are masked. */
export function reasonText(error: unknown): string {
  const words = isKilonovaError(error) ? `${error.code}: ${error.message}` : messageOf(error);
  return withoutPasswords(words.slice(0, LONGEST_REASON));
}

/** The dead letters of a broker: for an operator who looks into them, and sends them again or throws them away. */
export interface DeadLetters {
  /** Those of a topic and its hosts, oldest first. */
  list(topic: string, most: number): Promise<readonly DeadLetter[]>;
  /** Casts it again, as if it had never been delivered. False where there is none of that id any more. */
  retry(topic: string, id: string): Promise<boolean>;
  /** False where there is none of that id any more. */
  drop(topic: string, id: string): Promise<boolean>;
}

/**
 * How many messages wait in the queue of an address, of those that this process listens on. `dead` are the dead letters of
 * a topic and its hosts.
 */
export interface QueueDepth {
  readonly address: Address;
  readonly kind: "call" | "cast" | "dead";
  readonly messages: number;
}

/** The queues that listeners share or have for themselves: those of each topic and of each host, once. */
export function listenerQueues(
  listeners: readonly ListenerAddress[],
): readonly { readonly kind: "call" | "cast"; readonly address: Address }[] {
  const own = new Map(listeners.map((address) => [addressText(address), address]));
  const shared = new Map(listeners.map(({ topic }) => [topic, { topic }]));
  return [...own.values(), ...shared.values()].flatMap((address) => [
    { kind: "call", address },
    { kind: "cast", address },
  ]);
}

/** What a process does with messages: what its broker user needs rights for. */
export interface BrokerParty {
  /** Whom a broker is to know it as; a transport says what it makes of a user that is bound to a host. */
  readonly user: string;
  /** Where it listens. Without a host: on whatever host it runs. */
  readonly listens: readonly Address[];
  /** The topics that it calls or fans out to, on any host. */
  readonly calls: readonly string[];
  /** The topics that it casts to, on any host. */
  readonly casts: readonly string[];
}

/** The rights of one broker user, as RabbitMQ counts them: regular expressions on names of queues and exchanges. */
export interface BrokerRights {
  readonly user: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
  /** On routing keys, by topic exchange. */
  readonly topics: readonly { readonly exchange: string; readonly write: string; readonly read: string }[];
}

/** For an operator of a broker: who may do what there, and what must be there before. */
export interface BrokerSetup {
  /** RabbitMQ's virtual host in which all of it is. */
  readonly vhost: string;
  /** What each needs, and no more. */
  rights(parties: readonly BrokerParty[]): readonly BrokerRights[];
  /** Declares what the listeners of these topics share: those that are bound to a host may not. Safe to repeat. */
  declare(topics: readonly string[]): Promise<void>;
}

/** One who listens. */
export interface Listener {
  readonly address: ListenerAddress;
  /** Takes no new messages; resolves when those that were taken have been answered or acknowledged. Safe to repeat. */
  stop(): Promise<void>;
}

/**
 * Carries bodies between processes; knows nothing of what is in them. One per process.
 *
 * - A call is at most once: it fails with `rpc.noListener` within milliseconds when nobody listens, with
 *   `rpc.deadlineExceeded` when its time is up.
 * - A cast is at least once: when `cast` resolves it is safe with the broker, whether or not somebody listens yet.
 * - A fanout reaches who listens now.
 *
 * Every transport passes the transport suite of `@kilonova/plugin-testing`.
 */
export interface Transport {
  /** @throws KilonovaError `transport.unreachable`, naming the address without its password */
  connect(): Promise<void>;
  listen(address: ListenerAddress, handler: DeliveryHandler, options?: ListenOptions): Promise<Listener>;
  call(address: Address, body: string, options: CallOptions): Promise<string>;
  cast(address: Address, body: string): Promise<void>;
  fanout(topic: string, body: string): Promise<void>;
  /** Absent where the transport keeps none. */
  readonly deadLetters?: DeadLetters;
  /**
   * Each delivery says who sent it, vouched for by the broker: one that does not is refused. Absent where the broker
   * cannot tell, and then whoever may use the broker at all may ask for everything.
   */
  readonly vouchesForSenders?: boolean;
  /** Absent where users have no rights of their own. */
  readonly setup?: BrokerSetup;
  /** What waits for the listeners of this process. Absent where the transport cannot tell. */
  queueDepths?(): Promise<readonly QueueDepth[]>;
  /**
   * Asks the broker for an answer: whoever sees to a process asks so whether it can be sent to it. Absent where there is no
   * broker that could be away.
   *
   * @throws KilonovaError `transport.*` while messages cannot be sent, or while one of its listeners does not hear any
   */
  check?(): Promise<void>;
  /**
   * Lets go at once: calls in flight fail with `transport.closed`, listeners end, casts that they have not finished go to
   * others. Who wants to see running work finished stops the listeners first. Safe to repeat.
   */
  close(): Promise<void>;
}
