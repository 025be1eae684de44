import { setTimeout as sleep } from "node:timers/promises";
import { LONGEST_WAIT } from "@kilonova/messaging";
import { token } from "./token.js";

/** Time, so that tests have their own. Instants are milliseconds since 1970. */
export interface Clock {
  now(): number;
  /**
   * Resolves after so many milliseconds, or the longest that a timer can (24 days) where that is less; rejects with the
   * signal's reason when it aborts.
   */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const CLOCK = token<Clock>("clock");

/** The process's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) => sleep(Math.min(milliseconds, LONGEST_WAIT), undefined, signal ? { signal } : {}),
};
