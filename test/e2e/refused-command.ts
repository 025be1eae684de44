import { spawn } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { StateFolder } from "@kilonova/database/embedded";
import { expect } from "vitest";
import { COMMAND } from "./cloud-process.js";

/** Stands for every password that is given to a command: no message may show it. */
export const SECRET = "correct-horse-battery-staple";

const TIME_LIMIT = 60_000;
/** A line that says what goes on, as `[  0.3 s] …`. */
const PROGRESS = /^\[ *\d+\.\d s\] /;

/** What is given to a command. */
export interface CommandInput {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What a command ended with. */
export interface CommandResult {
  /** Null after a signal: it did not end in time. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `kilonova` as a process of its own to its end. */
export async function runCommand({ args, cwd, env = {} }: CommandInput): Promise<CommandResult> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TIME_LIMIT,
    killSignal: "SIGKILL",
  });
  const exited = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("exit", resolve));
  const [exitCode, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  return { exitCode, stdout, stderr };
}

/**
 * Holds that a command ended with one message for its operator: no result, no stack, no secret, no second complaint.
 *
 * @returns the message
 */
export function refusalOf({ exitCode, stdout, stderr }: CommandResult, expected: 1 | 2): string {
  expect(exitCode, stderr).toBe(expected);
  expect(stdout).toBe("");
  const message = stderr.split("\n").filter((line) => line !== "" && !PROGRESS.test(line));
  expect(message[0]).toMatch(/^kilonova: /);
  // What follows belongs to it: one line for each problem.
  for (const line of message.slice(1)) expect(line).toMatch(/^ {2}\S/);
  expect(stderr).not.toMatch(/^\s+at .+:\d+:\d+|node:internal|\[object |undefined/m);
  expect(stderr).not.toContain(SECRET);
  return message.join("\n");
}

/** Holds that no PostgreSQL runs on a state folder, and that nobody holds it. */
export async function expectReleased(stateFolder: string): Promise<void> {
  const folder = await StateFolder.hold(stateFolder);
  await folder.release();
  await expect(access(join(stateFolder, "postgresql", "data", "postmaster.pid"))).rejects.toMatchObject({
    code: "ENOENT",
  });
}

/** Holds that a folder or file was not made. */
export async function expectAbsent(path: string): Promise<void> {
  await expect(access(path)).rejects.toMatchObject({ code: "ENOENT" });
}
