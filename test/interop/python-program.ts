import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Mailbox } from "@kilonova/plugin-testing";

/** The distribution's own Python, which has its packages. */
const PYTHON = "/usr/bin/python3";

/** A program of this folder in Python, which takes lines and prints lines. */
export class PythonProgram {
  readonly #lines = new Mailbox<string>();
  #complaints = "";

  private constructor(private readonly child: ChildProcess) {
    if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => this.#lines.put(line));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#complaints += text;
    });
    child.once("exit", (code) => this.#lines.put(`ended with ${code}: ${this.#complaints.slice(-2_000)}`));
  }

  /** Starts one, and resolves when it says that it is ready. */
  static async start(file: string, ...args: readonly string[]): Promise<PythonProgram> {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const program = new PythonProgram(spawn(PYTHON, [path, ...args], { stdio: ["pipe", "pipe", "pipe"] }));
    const line = await program.line(`${file} to be ready`);
    if (line === "ready") return program;
    await program.end();
    throw new Error(`${file}: ${line}`);
  }

  /** The next line that it prints. */
  line(what: string): Promise<string> {
    return this.#lines.take(what);
  }

  say(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stdin?.end();
    await ended;
  }
}
