import { type ChildProcess, spawn } from "node:child_process";

/** Where and how a program runs. */
export interface ProgramSettings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** How a program ended. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that a test started, with all it printed. */
export class Program {
  #stdout = "";
  #stderr = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<ProgramEnd>;
  #onOutput = () => {};

  constructor(
    private readonly file: string,
    args: readonly string[],
    { cwd, env }: ProgramSettings,
  ) {
    this.#child = spawn(process.execPath, [file, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#onOutput();
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once("close", (code) => resolve({ code, stdout: this.#stdout, stderr: this.#stderr }));
    });
  }

  /** Resolves when these words were printed. @throws with all that was printed when it ends without them */
  async printed(words: string): Promise<void> {
    const seen = new Promise<"seen">((resolve) => {
      this.#onOutput = () => {
        if (this.#stdout.includes(words)) resolve("seen");
      };
      this.#onOutput();
    });
    const outcome = await Promise.race([seen, this.#ended]);
    if (outcome === "seen") return;
    throw new Error(
      `${this.file} ended with ${outcome.code} before it printed "${words}":\n${outcome.stdout}${outcome.stderr}`,
    );
  }

  /** Resolves when it has ended, by itself. */
  ended(): Promise<ProgramEnd> {
    return this.#ended;
  }

  /** Tells it to end and waits until it has. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<ProgramEnd> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    return this.#ended;
  }
}
