import { run } from "../program.js";

/** Runs a command in this process, and gives what it printed. */
export async function runHere(...argv: readonly string[]) {
  const printed: string[] = [];
  const told: string[] = [];
  const terminal = {
    print: (text: string) => printed.push(text),
    progress: (text: string) => told.push(text),
    width: 100,
    hasColours: false,
  };
  const exitCode = await run(argv, terminal);
  return { exitCode, stdout: printed.join("\n"), stderr: told.join("\n") };
}
