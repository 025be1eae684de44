import type { Duration } from "@kilonova/config";
import type { Handlers, RequestContext, RpcContract } from "@kilonova/messaging";
import type { Inbox } from "./inbox.js";
import { type Constructor, readMetadata, writeMetadata } from "./metadata.js";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";
import type { Token } from "./token.js";

const CONTRACT = "contract";
const RPC_METHOD = "rpcMethod";
const RPC_INBOX = "rpcInbox";
const PERIODIC_TASK = "periodicTask";

/**
 * The base of every manager: what a service does. All hooks do nothing here. A service calls them in this order:
 * `initHost` (before it has a record and before anyone can call it), `preStartHook` (it has a record), then the RPC
 * listener starts, `postStartHook`; periodic tasks run until it is told to stop; `cleanupHost` comes last.
 */
export abstract class Manager {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "service", version: 1 };

  /** Further objects whose class is marked with `@manager`, or with `@endpoint`, that answer on the same topic. */
  readonly additionalEndpoints: readonly object[] = [];

  /** Prepares the host: finds what is there from an earlier life. What it throws keeps the service from starting. */
  async initHost(_context: RequestContext): Promise<void> {}
  /** The record exists, calls do not come in yet. */
  async preStartHook(_context: RequestContext): Promise<void> {}
  /** Calls come in. */
  async postStartHook(_context: RequestContext): Promise<void> {}
  /** The last thing before the process leaves: no calls come in, no task runs. */
  async cleanupHost(_context: RequestContext): Promise<void> {}
  /** SIGHUP: drop what is cached. Mutable options have been read again. */
  async reset(): Promise<void> {}

  /**
   * Runs those of its periodic tasks that are due, each by itself. The service calls it whenever one is, and after
   * `service.periodicInterval` at the latest; a manager may override it to hold its tasks back or to do more. What it
   * throws is logged, and it is called again.
   *
   * @returns milliseconds until it wants to be called again, if no task is due before
   */
  async periodicTasks(context: RequestContext, due: DueTasks): Promise<number> {
    return due.run(context);
  }
}

/** The periodic tasks of a manager, as the service hands them to {@link Manager.periodicTasks}. */
export interface DueTasks {
  /**
   * Starts every task that is due and does not run already, each in a context of its own; it does not wait for their
   * ends.
   *
   * @returns milliseconds until the next is due
   */
  run(context: RequestContext): number;
}

/** A class whose objects answer a contract. */
type Answering<Contract extends RpcContract> = abstract new (...args: never[]) => Handlers<Contract>;

/**
 * Says which contract a manager answers. A class that does not fit it does not compile; at start it is checked again
 * that each method of the contract is marked with {@link rpcMethod}, and that nothing else is.
 */
export function manager<Contract extends RpcContract>(contract: Contract) {
  return <Class extends Answering<Contract>>(target: Class): void => {
    writeMetadata(target, CONTRACT, contract);
  };
}

/** As {@link manager}, for an object that shares a manager's topic. */
export const endpoint: typeof manager = manager;

/** How a method is called from outside. */
export interface RpcMethodSpec {
  /**
   * Its effect on a database is to be there once, however often its cast is delivered: `inboxOf("ledger")`. Only for a
   * method without a result. It finds its transaction in the context, where `@kilonova/database` reads it: `txOf(context)`.
   * Hooks and locks of the method are within the transaction.
   */
  readonly inbox?: Token<Inbox>;
}

/** Marks a method that can be called from outside. */
export function rpcMethod({ inbox }: RpcMethodSpec = {}) {
  return <Method extends (context: RequestContext, args: never) => Promise<unknown>>(
    target: object,
    property: string,
    _descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    writeMetadata(target.constructor as Constructor, RPC_METHOD, property);
    if (inbox) writeMetadata(target.constructor as Constructor, RPC_INBOX, [property, inbox] as const);
  };
}

/** When and how a periodic task runs. */
export interface PeriodicTaskSpec {
  /** From the end of one run to the start of the next. An option may be named instead: `option:compute.syncPowerStateInterval`; 0 there switches the task off. */
  readonly every: Duration | `option:${string}`;
  /** Run at once when the service has started; else after one interval. */
  readonly runImmediately?: boolean;
  /** Up to so much is added to each wait, at random, so that many processes do not run at the same instant. */
  readonly jitter?: Duration;
  /**
   * `cluster`: of all services with this topic, one alone runs it in each interval, under a lock across the cluster
   * which the context's signal follows.
   */
  readonly once?: "cluster";
  /** How long one run may take before its signal aborts and it is named in the log; 10 m where nothing is said. */
  readonly timeLimit?: Duration;
}

export interface PeriodicTaskMark {
  readonly method: string;
  readonly spec: PeriodicTaskSpec;
}

/**
 * Runs a method again and again while the service lives: never two at a time, a failure logged and counted, never the
 * end of the loop. The context's signal aborts when the service stops or the time limit is over.
 */
export function periodicTask(spec: PeriodicTaskSpec) {
  return <Method extends (context: RequestContext) => Promise<void>>(
    target: object,
    property: string,
    _descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    writeMetadata<PeriodicTaskMark>(target.constructor as Constructor, PERIODIC_TASK, { method: property, spec });
  };
}

/** The contract a class answers. */
export function contractOf(target: Constructor): RpcContract | undefined {
  return readMetadata<RpcContract>(target, CONTRACT).at(-1);
}

export function rpcMethodsOf(target: Constructor): ReadonlySet<string> {
  return new Set(readMetadata<string>(target, RPC_METHOD));
}

/** The inboxes of those of its methods that have one. */
export function rpcInboxesOf(target: Constructor): ReadonlyMap<string, Token<Inbox>> {
  return new Map(readMetadata<readonly [string, Token<Inbox>]>(target, RPC_INBOX));
}

export function periodicTasksOf(target: Constructor): readonly PeriodicTaskMark[] {
  return [
    ...new Map(readMetadata<PeriodicTaskMark>(target, PERIODIC_TASK).map((mark) => [mark.method, mark])).values(),
  ];
}
