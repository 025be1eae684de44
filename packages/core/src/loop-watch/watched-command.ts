import { silentLogger } from "@kilonova/plugin-api";
import { LoopWatch } from "./loop-watch.js";

/** Milliseconds: a command may take its time to load what it tells of. */
const LONGEST_SILENCE = 3_000;

/**
 * Does what a command that has no log does with plugins. Where one of them blocks the process, it is named on standard
 * error.
 */
export async function watchedCommand<Value>(program: string, work: () => Promise<Value>): Promise<Value> {
  const watch = new LoopWatch({ limit: LONGEST_SILENCE, program, fields: {} }, silentLogger);
  try {
    return await work();
  } finally {
    await watch.stop();
  }
}
