import { KilonovaError, type RequestContext } from "@kilonova/messaging";
import {
  type Clock,
  type Constructor,
  contractOf,
  type HookMark,
  hooksOf,
  type LockName,
  rpcMethodsOf,
  type SynchronizedMark,
  synchronizedMethodsOf,
} from "@kilonova/plugin-api";
import { withClusterLock } from "./cluster-lock.js";
import type { HookPoint, Hooks } from "./hooks.js";
import { KeyedMutex } from "./keyed-mutex.js";
import type { Locks } from "./locks.js";

type Method = (context: RequestContext, ...args: unknown[]) => Promise<unknown>;

/** What the weaver needs of its process. */
export interface WeaverWorld {
  readonly hooks: Hooks;
  readonly clock: Clock;
  /** Asked for when a lock across the cluster is first taken: it may not be there yet when objects are made. */
  readonly locks: () => Locks;
}

/**
 * Puts hooks and locks round the marked methods of an object, always hook -> lock -> method, by methods of the object's
 * own: a call from inside (`this.rename()`) and one from outside pass each exactly once.
 */
export class Weaver {
  readonly #mutex = new KeyedMutex();

  constructor(private readonly world: WeaverWorld) {}

  weave(object: object): void {
    const type = object.constructor as Constructor;
    const points = hookPointsOf(type);
    const locks = new Map(synchronizedMethodsOf(type).map((mark) => [mark.method, mark]));
    for (const method of new Set([...points.keys(), ...locks.keys()])) {
      const woven = this.#woven(object, method, points.get(method), locks.get(method));
      if (woven) Object.defineProperty(object, method, { value: woven, configurable: true, writable: true });
    }
  }

  #woven(object: object, method: string, point: HookPoint | undefined, lock: SynchronizedMark | undefined): Method | undefined {
    const bare = (object as Record<string, Method>)[method];
    if (!bare) throw new KilonovaError("contract.invalid", `${object.constructor.name} has no method ${method}.`);
    const bound: Method = (context, ...args) => bare.call(object, context, ...args);
    const locked = lock ? this.#locked(bound, lock) : bound;
    if (point && this.world.hooks.at(point.name).length > 0) return this.#hooked(locked, point);
    return lock ? locked : undefined;
  }

  #locked(method: Method, { name, spec }: SynchronizedMark): Method {
    const { clock } = this.world;
    if (spec.across === "cluster") {
      return (context, ...args) =>
        withClusterLock(this.world.locks(), clock, context, lockName(name, context, args), () => method(context, ...args));
    }
    return (context, ...args) => this.#mutex.run(lockName(name, context, args), () => method(context, ...args));
  }

  #hooked(method: Method, point: HookPoint): Method {
    return (context, ...args) => {
      const [first] = args;
      // One argument is the payload itself; several are a list of their own.
      if (args.length <= 1) return this.world.hooks.run(point, context, first, (payload) => method(context, payload));
      return this.world.hooks.run(point, context, args, (payload) => method(context, ...(payload as unknown[])));
    };
  }
}

/** The hook points of a class by method. */
export function hookPointsOf(type: Constructor): ReadonlyMap<string, HookPoint> {
  const contract = contractOf(type);
  const points = new Map<string, HookPoint>();
  if (contract) {
    for (const method of rpcMethodsOf(type)) {
      points.set(method, { name: `${contract.topic}.${method}`, version: contract.version, amendable: [] });
    }
  }
  for (const mark of hooksOf(type)) points.set(mark.method, declared(type, mark, points.get(mark.method)));
  return points;
}

function declared(type: Constructor, { method, point, spec }: HookMark, rpc: HookPoint | undefined): HookPoint {
  if (rpc && rpc.name !== point) {
    throw new KilonovaError(
      "contract.invalid",
      `${type.name}.${method} is the hook point ${rpc.name}; it cannot be ${point} as well. Use the same name, or mark an inner method.`,
    );
  }
  return { name: point, version: spec.version ?? rpc?.version ?? "1.0", amendable: spec.amendable ?? [] };
}

function lockName(name: LockName, context: RequestContext, args: readonly unknown[]): string {
  return typeof name === "string" ? name : name(context, args[0] as never);
}
