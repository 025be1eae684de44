import { type ErrorCode, isErrorCode } from "./error-codes.js";

const KILONOVA_ERROR = Symbol.for("kilonova.error");

/** What goes with an error: facts for programs, and what caused it. */
export interface ErrorContext {
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one class of errors that this project throws. The message is a sentence for people that says what to do next;
 * the code, from the one table, is for programs; both cross the wire.
 */
export class KilonovaError extends Error {
  readonly [KILONOVA_ERROR] = 1;
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, "cause" in context ? { cause: context.cause } : undefined);
    this.name = "KilonovaError";
    this.code = code;
    this.details = context.details ?? {};
  }
}

/** True for an error of this class from any copy of this package, of that code where one is given. */
export function isKilonovaError(error: unknown, code?: ErrorCode): error is KilonovaError {
  if (typeof error !== "object" || error === null || !Object.hasOwn(error, KILONOVA_ERROR)) return false;
  return code === undefined || (error as KilonovaError).code === code;
}

/** The words of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** An error as it crosses the wire. Its stack stays at home, unless a process logs at debug: see `RemoteStacks`. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

export function toWireError(thrown: unknown): WireError {
  if (isKilonovaError(thrown)) return { code: thrown.code, message: thrown.message, details: thrown.details };
  return { code: "rpc.failed", message: messageOf(thrown) };
}

export function fromWireError(error: WireError): KilonovaError {
  const code = isErrorCode(error.code) ? error.code : "rpc.failed";
  return new KilonovaError(code, error.message, error.details ? { details: error.details } : {});
}
