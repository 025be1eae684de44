import { messageOf } from "@kilonova/messaging";
import type { LogFields, Logger } from "@kilonova/plugin-api";
import { withinTime } from "../time/within-time.js";

/** Milliseconds for each step of a way out once work has ended, or has been given up. */
export const LEAVING_TIME = 5_000;

/**
 * A step of the way out of a service or its process: neither its failure nor its length keeps what comes after it.
 *
 * @param what completes "could not …" in the log
 * @param limit milliseconds; then the step goes on unwatched
 */
export async function leavingStep(
  logger: Logger,
  what: string,
  work: () => Promise<void>,
  limit = LEAVING_TIME,
  fields: LogFields = {},
): Promise<void> {
  try {
    await withinTime(work(), limit, `it took longer than ${limit} ms`);
  } catch (error) {
    logger.error({ ...fields, error: messageOf(error) }, `could not ${what}`);
  }
}
