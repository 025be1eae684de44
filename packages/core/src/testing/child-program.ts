import { type ChildProcess, spawn } from "node:child_process";
import { onTestFinished } from "vitest";

/** How a program ended. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that a test runs as a process of its own, in a session of its own, with all that it printed. */
export class ChildProgram {
  #stdout = "";
  #stderr = "";
  readonly #listeners = new Set<() => void>();
  readonly #child: ChildProcess;
  readonly ended: Promise<ProgramEnd>;

  constructor(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, [file, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, ...env },
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      for (const listener of this.#listeners) listener();
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      for (const listener of this.#listeners) listener();
    });
    this.ended = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
    onTestFinished(async () => {
      this.tellAll("SIGKILL");
      await this.ended;
    });
  }

  get output(): string {
    return `${this.#stdout}${this.#stderr}`;
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** Resolves when words have been printed so many times. @throws with all that was printed when it ends without them */
  async printed(words: string, times = 1): Promise<void> {
    const count = () => this.output.split(words).length - 1;
    let look = () => {};
    const seen = new Promise<"seen">((resolve) => {
      look = () => {
        if (count() >= times) resolve("seen");
      };
    });
    this.#listeners.add(look);
    look();
    const outcome = await Promise.race([seen, this.ended]);
    this.#listeners.delete(look);
    if (outcome === "seen" || count() >= times) return;
    throw new Error(`it ended with ${outcome.code ?? outcome.signal} before "${words}":\n${this.output}`);
  }

  tell(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** As a terminal does, to the program and all that it started. */
  tellAll(signal: NodeJS.Signals): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, signal);
    } catch {
      // All of them have ended.
    }
  }
}

/** Resolves when a process is gone. */
export async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
