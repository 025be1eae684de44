import { KilonovaError, type RequestContext } from "@kilonova/messaging";
import type { Clock } from "@kilonova/plugin-api";

/**
 * Waits for so many milliseconds, or until nobody wants what comes after any more.
 *
 * @throws KilonovaError `rpc.deadlineExceeded`, `rpc.cancelled`
 */
export async function pause(clock: Clock, milliseconds: number, context: RequestContext): Promise<void> {
  context.throwIfExpired();
  try {
    await clock.sleep(milliseconds, context.signal);
  } catch (cause) {
    throw givenUp(context, cause);
  }
}

/** Why a wait came to nothing. */
export function givenUp({ requestId, signal }: RequestContext, cause: unknown): KilonovaError {
  const reason: unknown = signal.reason;
  if (reason instanceof DOMException && reason.name === "TimeoutError") {
    return new KilonovaError("rpc.deadlineExceeded", `The deadline of ${requestId} is past.`, { cause });
  }
  return new KilonovaError("rpc.cancelled", `${requestId} was given up.`, { cause });
}
