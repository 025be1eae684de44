import type { Duration } from "@kilonova/config";
import type { RequestContext } from "@kilonova/messaging";
import type { z } from "zod";
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

/** What a `pre` may answer: nothing, a veto in words that the user is told, or changes to amendable properties. */
export type PreAnswer = undefined | { readonly veto: string } | { readonly amend: Readonly<Record<string, unknown>> };

/**
 * A class that runs around a hook point; any of the three may be missing. Checked at start, made at the first call.
 * `pre` before the method, in order; then, in reverse order, `post` after it, or `error` when it threw. Where a later
 * `pre` keeps the method from running, the hooks before it get `error` as well: what they began they can end.
 */
export interface Hook<Payload = unknown, Result = unknown> {
  pre?(event: HookEvent<Payload>): Promise<PreAnswer> | PreAnswer;
  post?(event: HookEvent<Payload>, result: Result): Promise<void> | void;
  error?(event: HookEvent<Payload>, failure: unknown): Promise<void> | void;
}

/** How a hook is entered at a point. */
export interface HookEntry {
  readonly point: string;
  /** Lower comes first; 100 where nothing is said. */
  readonly order?: number;
  /** `open`: a failure is logged and the operation goes on. `closed`: it aborts. A `pre` is closed, the others open, where nothing is said. */
  readonly failure?: "open" | "closed";
  /** 5 s where nothing is said. */
  readonly timeLimit?: Duration;
}

/** What a point declares of itself. */
export interface HookPointSpec {
  /** The event's schema: what a hook may rely on, and what an amended payload still has to be. */
  readonly payload?: z.ZodObject;
  readonly version?: string;
  /** A stable point's event follows semver; an internal one's may change with any release. */
  readonly stability?: "stable" | "internal";
  /** Properties of the payload that a `pre` may change. */
  readonly amendable?: readonly string[];
}

export interface HookMark {
  readonly method: string;
  readonly point: string;
  readonly spec: HookPointSpec;
}

/**
 * Makes a method a hook point. Every RPC method is one already, `<topic>.<method>`; there, the same name adds a typed
 * event, stability and amendments.
 *
 * The payload is the method's arguments, without the context: an object where there is one argument, which is one.
 */
export function hook(point: string, spec: HookPointSpec = {}) {
  return <Method extends HookableMethod>(
    target: object,
    property: string,
    _descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    writeMetadata<HookMark>(target.constructor as Constructor, HOOK, { method: property, point, spec });
  };
}

export type HookableMethod = (context: RequestContext, ...args: never[]) => Promise<unknown>;

export function hooksOf(target: Constructor): readonly HookMark[] {
  return [...new Map(readMetadata<HookMark>(target, HOOK).map((mark) => [mark.method, mark])).values()];
}
