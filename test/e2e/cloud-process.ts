import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The `kilonova` command. By its package, not by a path from here: this file also runs from `dist`, for the benchmarks. */
export const COMMAND = join(
  dirname(createRequire(import.meta.url).resolve("kilonova/package.json")),
  "dist",
  "bins",
  "kilonova.js",
);

/** A process of the `kilonova` command, with what it printed. */
export class CloudProcess {
  #output = "";
  readonly #exited: Promise<number | null>;

  private constructor(
    readonly child: ChildProcess,
    private readonly what: string,
  ) {
    this.#exited = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
    child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#take(text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#take(text));
  }

  /** Starts the command and resolves when it has printed its line `ready …`. */
  static async start(
    args: readonly string[],
    options: { readonly cwd: string; readonly env?: Record<string, string> },
  ): Promise<CloudProcess> {
    const cloud = CloudProcess.launch(args, options);
    try {
      await cloud.until(/^ready( .*)?$/m);
      return cloud;
    } catch (error) {
      await cloud.end("SIGKILL");
      throw error;
    }
  }

  /** Starts the command, or another file of ours, whatever becomes of it. */
  static launch(
    args: readonly string[],
    {
      cwd,
      env = {},
      file = COMMAND,
    }: { readonly cwd: string; readonly env?: Record<string, string>; readonly file?: string },
  ): CloudProcess {
    const child = spawn(process.execPath, [file, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new CloudProcess(child, args.join(" "));
  }

  get output(): string {
    return this.#output;
  }

  /** Waits for words in the output. @throws with all of it when the process ends without them */
  async until(words: RegExp, timeLimit = 120_000): Promise<RegExpMatchArray> {
    const { stdout, stderr } = this.child;
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = words.exec(this.#output);
        if (found) settle(() => resolve(found));
      };
      const fail = (why: string) => settle(() => reject(new Error(`kilonova ${this.what} ${why}:\n${this.#output}`)));
      const timer = setTimeout(() => fail(`did not print ${words} in time`), timeLimit);
      const onExit = () => setImmediate(() => fail("ended"));
      const settle = (then: () => void) => {
        clearTimeout(timer);
        stdout?.off("data", look);
        stderr?.off("data", look);
        this.child.off("exit", onExit);
        then();
      };
      stdout?.on("data", look);
      stderr?.on("data", look);
      this.child.once("exit", onExit);
      look();
    });
  }

  /** Sends a signal and waits for the end; answers the exit code, null after a kill. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.#exited;
  }

  async exit(): Promise<number | null> {
    return this.#exited;
  }

  #take(text: string): void {
    this.#output += text;
  }
}
