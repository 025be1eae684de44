import { type ErrorCode, isKilonovaError } from "@kilonova/messaging";
import type { Clock } from "@kilonova/plugin-api";

/** How long a step keeps asking a service that does not answer. Milliseconds. */
export const STEP_DEADLINE = 60_000;

/** Milliseconds between two tries: the first, and the longest. */
const FIRST_WAIT = 50;
const LONGEST_WAIT = 2_000;

/** What says that nobody answered, rather than what they answered. All steps are safe to repeat. */
const UNANSWERED: readonly ErrorCode[] = [
  "rpc.noListener",
  "rpc.peerLost",
  "rpc.deadlineExceeded",
  "transport.unreachable",
  "transport.closed",
];

/** True where a call failed since nobody answered it. */
export function isUnanswered(error: unknown): boolean {
  return UNANSWERED.some((code) => isKilonovaError(error, code));
}

function mayBeAnswered(error: unknown): boolean {
  return isUnanswered(error) && !isKilonovaError(error, "transport.closed");
}

/**
 * Calls another service, and again with jitter while it does not answer: a peer's restart is no failure.
 *
 * @param signal ends it, with the signal's reason
 * @param patience milliseconds from now; what the last try threw is thrown then
 * @param isPassing what is worth another try; unless given, that another service did not answer
 */
export async function patientCall<Value>(
  clock: Clock,
  signal: AbortSignal,
  call: () => Promise<Value>,
  patience = STEP_DEADLINE,
  isPassing: (error: unknown) => boolean = mayBeAnswered,
): Promise<Value> {
  const deadline = clock.now() + patience;
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error) || clock.now() + wait >= deadline) throw error;
    }
    await clock.sleep(wait * (0.5 + Math.random() / 2), signal);
  }
}
