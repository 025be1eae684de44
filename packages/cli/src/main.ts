import { endProcess } from "@kilonova/core/process-end";
import { run } from "./program.js";
import { processTerminal } from "./terminal.js";

/** The whole of `kilonova-<service>`: it does what `kilonova serve <service>` does. */
export async function serviceProgram(service: string): Promise<void> {
  const args = process.argv.slice(2);
  const asksForVersion = args.some((argument) => argument === "-V" || argument === "--version");
  await programWith(`kilonova-${service}`, asksForVersion ? ["--version"] : ["serve", service, ...args]);
}

/** The whole of a program: it runs a command and ends with its exit code, or with what is wrong in one message. */
export async function programWith(name: string, argv: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", unlessUnread);
  try {
    process.exitCode = await run(argv, processTerminal);
  } catch (error) {
    const { explainFailure } = await import("./explain-failure.js");
    const { message, exitCode } = explainFailure(error);
    processTerminal.progress(message);
    process.exitCode = exitCode;
  }
  endProcess(name);
}

/** Whoever reads may stop when they have seen enough, as `head` does: what goes on here, goes on. */
function unlessUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
