import type { z } from "zod";

const HOOK_POINT: unique symbol = Symbol.for("kilonova.hook-point") as never;

/** What a point declares of itself. */
export interface HookPointSpec<Payload extends z.ZodObject = z.ZodObject> {
  /** What happens at it, in one sentence: for `kilonova hooks list` and the reference page. */
  readonly description?: string;
  /**
   * The event's schema: what a hook may rely on, and what an amended payload still has to be. Hooks are shown what it names,
   * whatever else the method is given.
   */
  readonly payload?: Payload;
  /** What `post` is given of what the method answers; all of it where nothing is said. */
  readonly result?: z.ZodType;
  /** Of the payload; `1.0` where nothing is said, or the contract's on an RPC method. */
  readonly version?: string;
  /** A stable point's event follows semver; an internal one's, which it is where nothing is said, may change with any release. */
  readonly stability?: "stable" | "internal";
  /** Properties of the payload that a `pre` may change. */
  readonly amendable?: readonly string[];
}

/**
 * A hook point as a value: its module exports it, the method that is one is marked with it, and hooks take their types
 * from it (`HookAt`). Being exported is what lists it.
 */
export interface HookPointDeclaration<Spec extends HookPointSpec = HookPointSpec> {
  readonly [HOOK_POINT]: true;
  readonly name: string;
  readonly spec: Spec;
}

/** Declares a hook point. Names are `<subject>.<method>` in camelCase. */
export function hookPoint<const Spec extends HookPointSpec>(name: string, spec: Spec): HookPointDeclaration<Spec> {
  return { [HOOK_POINT]: true, name, spec };
}

/** True for what {@link hookPoint} of any copy of this package made. */
export function isHookPoint(value: unknown): value is HookPointDeclaration {
  return typeof value === "object" && value !== null && Reflect.get(value, HOOK_POINT) === true;
}

/** The payload of a declared point: frozen, all of it, as hooks are shown it. */
export type PayloadAt<Point extends HookPointDeclaration> = Point["spec"] extends {
  readonly payload: infer Payload extends z.ZodObject;
}
  ? Frozen<z.output<Payload>>
  : unknown;

/** What the method of a declared point answers, frozen as well. */
export type ResultAt<Point extends HookPointDeclaration> = Point["spec"] extends {
  readonly result: infer Result extends z.ZodType;
}
  ? Frozen<z.output<Result>>
  : unknown;

type Frozen<Value> = Value extends object ? { readonly [Key in keyof Value]: Frozen<Value[Key]> } : Value;
