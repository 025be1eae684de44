import { nearestName } from "@kilonova/config";
import * as contracts from "@kilonova/contracts";
import { isKilonovaError, isRpcContract, KilonovaError, type MethodSpec, type RpcContract } from "@kilonova/messaging";
import {
  CLOUD_HOOK_POINTS,
  type Constructor,
  contractOf,
  type HookMark,
  type HookPointSpec,
  hooksOf,
  isHookPoint,
  rpcMethodsOf,
} from "@kilonova/plugin-api";
import { z } from "zod";
import { isClass } from "../container/object-kind.js";

/** A point where hooks may run: an RPC method, a method that is marked, or both. */
export interface HookPoint {
  readonly name: string;
  readonly description?: string;
  /** The event's. */
  readonly version: string;
  /** A stable point's event follows semver. */
  readonly stability: "stable" | "internal";
  /** Properties of the payload that a `pre` may change. */
  readonly amendable: readonly string[];
  readonly payload?: z.ZodObject;
  readonly result?: z.ZodType;
}

/** The points that a process knows of: those of the cloud, and those of whatever it has loaded. */
export class HookPoints {
  readonly #points = new Map<string, HookPoint>();

  constructor() {
    this.add(cloudHookPoints());
  }

  /** What is said of a point last counts. */
  add(points: Iterable<HookPoint>): void {
    for (const point of points) this.#points.set(point.name, point);
  }

  find(name: string): HookPoint | undefined {
    return this.#points.get(name);
  }

  /** By name. */
  all(): readonly HookPoint[] {
    return [...this.#points.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /**
   * True where a name that no point has may be that of a point which other processes have: nothing here has a point of its
   * subject, the part before the dot, or of one that is called nearly so.
   */
  mayBeElsewhere(name: string): boolean {
    const subjects = new Set([...this.#points.keys()].map(subjectOf));
    const subject = subjectOf(name);
    return subject !== name && !subjects.has(subject) && nearestName(subject, subjects) === undefined;
  }

  /** Says what is wrong with a name that no point has, as a clause; undefined for one that some point has. */
  problemOf(name: string): string | undefined {
    if (this.#points.has(name)) return undefined;
    const nearest = nearestName(name, this.#points.keys());
    const words = `no hook point ${name} is known here, so that it never runs`;
    return nearest === undefined ? words : `${words}; did you mean ${nearest}?`;
  }
}

/** The part before the dot; all of a name that has none. */
function subjectOf(point: string): string {
  return point.split(".", 1)[0] ?? point;
}

/** The points of the cloud: every method of every contract, and those that are declared beside. */
export function cloudHookPoints(): readonly HookPoint[] {
  return [...hookPointsOfModule(contracts), ...CLOUD_HOOK_POINTS.map(({ name, spec }) => declaredPoint(name, spec))];
}

/** The points that a module brings: declared ones that it exports, and those of its contracts and classes. */
export function hookPointsOfModule(namespace: object): readonly HookPoint[] {
  return Object.values(namespace).flatMap((value: unknown) => {
    if (isHookPoint(value)) return [declaredPoint(value.name, value.spec)];
    if (isRpcContract(value)) return contractPoints(value);
    return isClass(value) ? pointsOfSoundClass(value) : [];
  });
}

/** A class whose marks make no sense is refused when one of it is made. */
function pointsOfSoundClass(type: Constructor): readonly HookPoint[] {
  try {
    return [...hookPointsOf(type).values()];
  } catch (error) {
    if (isKilonovaError(error, "contract.invalid")) return [];
    throw error;
  }
}

/**
 * The hook points of a class by method.
 *
 * @throws KilonovaError `contract.invalid` where an RPC method is marked as a point of another name
 */
export function hookPointsOf(type: Constructor): ReadonlyMap<string, HookPoint> {
  const contract = contractOf(type);
  const points = new Map<string, HookPoint>();
  if (contract) for (const method of rpcMethodsOf(type)) points.set(method, rpcPoint(contract, method));
  for (const mark of hooksOf(type)) points.set(mark.method, markedPoint(type, mark, points.get(mark.method)));
  return points;
}

function contractPoints(contract: RpcContract): readonly HookPoint[] {
  return Object.keys(contract.methods).map((method) => rpcPoint(contract, method));
}

function rpcPoint(contract: RpcContract, method: string): HookPoint {
  const { topic, version, methods } = contract;
  const spec = Object.hasOwn(methods, method) ? methods[method] : undefined;
  const description = `RPC method ${method} of contract ${contract.name}.`;
  return declaredPoint(`${topic}.${method}`, { description, version, ...schemasOf(spec) });
}

function schemasOf({ args, result, refusals }: MethodSpec = {}): Pick<HookPointSpec, "payload" | "result"> {
  const payload = args ? { payload: args } : {};
  if (!refusals) return { ...payload, ...(result ? { result } : {}) };
  const refused = Object.entries(refusals).map(([name, details]) =>
    z.object({ ok: z.literal(false), refusal: z.literal(name), details }),
  );
  const accepted = z.object({ ok: z.literal(true), ...(result ? { value: result } : {}) });
  return { ...payload, result: z.union([accepted, ...refused]) };
}

function markedPoint(type: Constructor, { method, point, spec }: HookMark, rpc: HookPoint | undefined): HookPoint {
  if (rpc && rpc.name !== point) {
    throw new KilonovaError(
      "contract.invalid",
      `${type.name}.${method} is the hook point ${rpc.name}; it cannot be ${point} as well. Use the same name, or mark an inner method.`,
    );
  }
  return { ...rpc, ...declaredPoint(point, { ...(rpc ? { version: rpc.version } : {}), ...spec }) };
}

function declaredPoint(name: string, { version = "1.0", stability = "internal", ...spec }: HookPointSpec): HookPoint {
  return { amendable: [], ...spec, name, version, stability };
}
