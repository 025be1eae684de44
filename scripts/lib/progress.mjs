const began = Date.now();

/** One line on standard error, with the seconds since the script began: standard output belongs to the command. */
export function report(line) {
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.error(`[${seconds.padStart(6)} s] ${line}`);
}

/** A failure whose message is all that its reader needs; anything else that is thrown is a bug and keeps its stack. */
export class SetupError extends Error {}

/** Prints what went wrong: the message of a `SetupError`, the stack of a bug. */
export function reportFailure(error) {
  console.error(error instanceof SetupError ? `\n${error.message}` : error);
}
