import { type ErrorCode, isKilonovaError } from "@kilonova/messaging";
import type { Clock } from "@kilonova/plugin-api";

/** Milliseconds between two tries: the first, and the longest. */
const FIRST_WAIT = 50;
const LONGEST_WAIT = 2_000;

/** What says that nobody answered, rather than what they answered. Every step is safe to repeat. */
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

/**
 * Calls a service, and again with jitter while nobody answers: a peer's restart is no failure.
 *
 * @param patience milliseconds from now; what the last try threw is thrown then
 */
export async function patientCall<Value>(clock: Clock, patience: number, call: () => Promise<Value>): Promise<Value> {
  const deadline = clock.now() + patience;
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    try {
      return await call();
    } catch (error) {
      if (!isUnanswered(error) || clock.now() + wait >= deadline) throw error;
    }
    await clock.sleep(wait * (0.5 + Math.random() / 2));
  }
}
