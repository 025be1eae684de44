import { isKilonovaError } from "./kilonova-error.js";

/** A message refused with one of these will be refused each time. */
export const HOPELESS = [
  "rpc.badMessage",
  "rpc.unknownContract",
  "rpc.unsupportedVersion",
  "rpc.unknownMethod",
  "rpc.badArguments",
  "rpc.forbidden",
] as const;

/**
 * True for the failure of a cast that nobody here can ever do. For authors of transports: to deliver it again is in vain,
 * it is a dead letter at once.
 */
export function isHopeless(error: unknown): boolean {
  return HOPELESS.some((code) => isKilonovaError(error, code));
}
