import type { RequestContext } from "@kilonova/messaging";
import { type Constructor, readMetadata, writeMetadata } from "./metadata.js";

const SYNCHRONIZED = "synchronized";

/** The name of a lock: fixed, or made from the call. */
export type LockName = string | ((context: RequestContext, args: never) => string);

export interface SynchronizedSpec {
  /** `process`: no two at a time here. `cluster`: nowhere, by a lease with a fence number. */
  readonly across?: "process" | "cluster";
}

export interface SynchronizedMark {
  readonly method: string;
  readonly name: LockName;
  readonly spec: SynchronizedSpec;
}

/** Lets calls of a method in one at a time for each name, in the order they came. */
export function synchronized<Arguments = never>(
  name: string | ((context: RequestContext, args: Arguments) => string),
  spec: SynchronizedSpec = {},
) {
  return <Method extends (context: RequestContext, args: Arguments) => Promise<unknown>>(
    target: object,
    property: string,
    _descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    writeMetadata<SynchronizedMark>(target.constructor as Constructor, SYNCHRONIZED, {
      method: property,
      name: name as LockName,
      spec,
    });
  };
}

export function synchronizedMethodsOf(target: Constructor): readonly SynchronizedMark[] {
  return [...new Map(readMetadata<SynchronizedMark>(target, SYNCHRONIZED).map((mark) => [mark.method, mark])).values()];
}
