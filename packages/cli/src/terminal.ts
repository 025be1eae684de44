import { isKilonovaError, messageOf } from "@kilonova/messaging";

/** Where a command writes: results to one stream, progress and complaints to the other. */
export interface Terminal {
  /** A line of the result. */
  print(line: string): void;
  /** A line that says what goes on. */
  progress(line: string): void;
}

export const processTerminal: Terminal = {
  print: (line) => process.stdout.write(`${line}\n`),
  progress: (line) => process.stderr.write(`${line}\n`),
};

/** Bad usage and bad options end with 2, everything else that fails with 1. */
export const EXIT_USAGE = 2;
export const EXIT_FAILURE = 1;

/** What a failure means to the caller: one message, no stack unless it is a bug. */
export function explainFailure(error: unknown): { readonly message: string; readonly exitCode: number } {
  if (isConfigurationError(error)) return { message: error.message, exitCode: EXIT_USAGE };
  if (isKilonovaError(error) && error.code !== "internal") return { message: error.message, exitCode: EXIT_FAILURE };
  const stack = error instanceof Error ? error.stack : undefined;
  return { message: stack ?? messageOf(error), exitCode: EXIT_FAILURE };
}

function isConfigurationError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "config.invalid";
}

/** Numbers the steps of a long command with the time each took. */
export function stopwatch(terminal: Terminal, now: () => number = () => performance.now()): (message: string) => void {
  const start = now();
  return (message) => terminal.progress(`[${((now() - start) / 1_000).toFixed(1).padStart(5)} s] ${message}`);
}
