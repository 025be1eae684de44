import type { Duration } from "@kilonova/config";
import type { RequestContext } from "@kilonova/messaging";
import type { HookPointDeclaration, HookPointSpec, PayloadAt, ResultAt } from "./hook-point.js";
import { type Constructor, readMetadata, writeMetadata } from "./metadata.js";

const HOOK = "hook";

/**
 * What happens at a hook point. Frozen, all of it: a hook that wants the operation to see something else returns an amendment,
 * where the point declares what may be amended.
 */
export interface HookEvent<Payload = unknown> {
  readonly point: string;
  /** The version of the payload; a stable point's follows semver. */
  readonly version: string;
  readonly context: RequestContext;
  readonly payload: Payload;
}

/** Nothing, of a method that has no answer as well as of one that returns early. */
type NoAnswer = ReturnType<() => void> | undefined;

/** What a `pre` may answer: nothing, a veto in words that the user is told, or changes to amendable properties. */
export type PreAnswer = NoAnswer | { readonly veto: string } | { readonly amend: Readonly<Record<string, unknown>> };

/**
 * A class that runs around a hook point; any of the three may be missing. Checked at start, made at the first call.
 * `pre` before the method, in order; then, in reverse order, `post` after it, or `error` when it threw. Where a later
 * `pre` keeps the method from running, the hooks before it get `error` as well: what they began they can end. A hook
 * whose own `pre` vetoed or failed gets neither for that call: it has begun nothing.
 *
 * Each step has the entry's time limit. It is no longer waited for then, but cannot be stopped.
 */
export interface Hook<Payload = unknown, Result = unknown> {
  pre?(event: HookEvent<Payload>): Promise<PreAnswer> | PreAnswer;
  post?(event: HookEvent<Payload>, result: Result): Promise<void> | void;
  error?(event: HookEvent<Payload>, failure: unknown): Promise<void> | void;
}

/** A hook for a declared point, typed by it: `class Audit implements HookAt<typeof serverCreate>`. */
export type HookAt<Point extends HookPointDeclaration> = Hook<PayloadAt<Point>, ResultAt<Point>>;

/** How a hook is entered at a point. */
export interface HookEntry {
  readonly point: string;
  /** Lower comes first; 100 where nothing is said. */
  readonly order?: number;
  /**
   * What a failure does, an answer or amendment that is not allowed being one. `open`: it is logged, and the operation goes on.
   * `closed`: the operation fails, though a `post` cannot undo it any more. `pre` is closed and `post` open where
   * nothing is said; `error` is open whatever is said. A veto is no failure.
   */
  readonly failure?: "open" | "closed";
  /** 5 s where nothing is said. */
  readonly timeLimit?: Duration;
}

export interface HookMark {
  readonly method: string;
  readonly point: string;
  readonly spec: HookPointSpec;
}

/**
 * Makes a method a hook point: a declared one, whose payload and result the method has to fit, or one by its name alone,
 * which is internal unless its spec says more. Every RPC method is one already, `<topic>.<method>`; there, the same name
 * adds a typed event, stability and amendments.
 *
 * The payload is the method's arguments, without the context: an object where there is one argument, which is one.
 */
export function hook<Point extends HookPointDeclaration>(
  point: Point,
): <Method extends HookableMethod>(
  target: object,
  property: string,
  descriptor: TypedPropertyDescriptor<Method> & Fitting<Method, Point>,
) => void;
export function hook(
  point: string,
  spec?: HookPointSpec,
): <Method extends HookableMethod>(
  target: object,
  property: string,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;
export function hook(point: string | HookPointDeclaration, spec: HookPointSpec = {}) {
  const mark = typeof point === "string" ? { point, spec } : { point: point.name, spec: point.spec };
  return (target: object, property: string): void => {
    writeMetadata<HookMark>(target.constructor as Constructor, HOOK, { method: property, ...mark });
  };
}

/** Anything where the method passes the point's payload, or more, and answers its result; else nothing. */
type Fitting<Method, Point extends HookPointDeclaration> = Method extends (
  context: never,
  payload: infer Payload,
) => Promise<infer Result>
  ? [Payload, Result] extends [PayloadAt<Point>, ResultAt<Point>]
    ? unknown
    : never
  : never;

export type HookableMethod = (context: RequestContext, ...args: never[]) => Promise<unknown>;

export function hooksOf(target: Constructor): readonly HookMark[] {
  return [...new Map(readMetadata<HookMark>(target, HOOK).map((mark) => [mark.method, mark])).values()];
}
