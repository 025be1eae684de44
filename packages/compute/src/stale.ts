import { isKilonovaError, KilonovaError } from "@kilonova/messaging";

/** A newer owner has the operation, or a newer operation the server: stop, and destroy what was made. */
export function staleError(operationId: string): KilonovaError {
  return new KilonovaError("operation.stale", `Operation ${operationId} has a newer owner.`);
}

export function isStale(error: unknown): boolean {
  return isKilonovaError(error, "operation.stale");
}

/** Why running work is given up when the process leaves: it stays as it is, and is gone on with at the next start. */
export class Leaving extends Error {
  constructor() {
    super("the compute service is stopping");
  }
}
