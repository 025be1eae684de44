import { KilonovaError, type RequestContext } from "@kilonova/messaging";
import {
  type Clock,
  type Constructor,
  type LockName,
  type SynchronizedMark,
  synchronizedMethodsOf,
} from "@kilonova/plugin-api";
import { type HookPoint, hookPointsOf } from "./hooks/hook-points.js";
import type { Hooks } from "./hooks/hooks.js";
import { withClusterLock } from "./locks/cluster-lock.js";
import { KeyedMutex } from "./locks/keyed-mutex.js";
import type { Locks } from "./locks/locks.js";
import { givenUp } from "./time/pause.js";

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
  readonly #woven = new WeakSet<object>();

  constructor(private readonly world: WeaverWorld) {}

  /** Safe to repeat. */
  weave(object: object): void {
    const type: unknown = object.constructor;
    if (typeof type !== "function" || this.#woven.has(object)) return;
    this.#woven.add(object);
    const points = hookPointsOf(type as unknown as Constructor);
    this.world.hooks.known.add(points.values());
    const locks = new Map(synchronizedMethodsOf(type as unknown as Constructor).map((mark) => [mark.method, mark]));
    for (const method of new Set([...points.keys(), ...locks.keys()])) {
      this.#weaveMethod(object, method, points.get(method), locks.get(method));
    }
  }

  #weaveMethod(object: object, name: string, point: HookPoint | undefined, lock: SynchronizedMark | undefined): void {
    const bare = (object as Record<string, Method>)[name];
    if (typeof bare !== "function") {
      throw new KilonovaError("contract.invalid", `${object.constructor.name} has no method ${name}.`);
    }
    const hooked = point && this.world.hooks.settle(point.name) ? point : undefined;
    if (!hooked && !lock) return;
    const bound: Method = (context, ...args) => bare.call(object, context, ...args);
    const locked = lock ? this.#locked(bound, lock) : bound;
    const value = hooked ? this.#hooked(locked, hooked) : locked;
    Object.defineProperty(object, name, { value, configurable: true, writable: true });
  }

  #locked(method: Method, { name, spec }: SynchronizedMark): Method {
    if (spec.across !== "cluster") {
      return (context, ...args) => this.#alone(context, lockName(name, context, args), () => method(context, ...args));
    }
    const { clock } = this.world;
    return (context, ...args) => {
      const lock = lockName(name, context, args);
      // In turn here first, so that a process asks for a lock once at a time, not once for each of its calls.
      return this.#alone(context, lock, () =>
        withClusterLock(this.world.locks(), clock, context, lock, (held) => method(held, ...args)),
      );
    };
  }

  async #alone(context: RequestContext, lock: string, work: () => Promise<unknown>): Promise<unknown> {
    let hasBegun = false;
    const begin = () => {
      hasBegun = true;
      return work();
    };
    try {
      return await this.#mutex.run(lock, begin, context.signal);
    } catch (error) {
      throw hasBegun ? error : givenUp(context, error);
    }
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

function lockName(name: LockName, context: RequestContext, args: readonly unknown[]): string {
  return typeof name === "string" ? name : name(context, args[0] as never);
}
