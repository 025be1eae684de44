import { withinTime } from "../time/within-time.js";

/** Calls that are kept of a stack, so that the first of a deep one is there. */
const STACK_DEPTH = 200;

/** Says which module ends the process while it is loaded: a `process.exit` in it leaves nobody else who could. */
export class ImportsUnderWay {
  /** What each is called, by its URL. */
  readonly #loading = new Map<string, string>();
  readonly #onExit = (code: number) => this.#tell(code);

  /**
   * Loads a module.
   *
   * @param limit milliseconds
   * @param what names it in what is said of it
   * @throws what it throws while it is loaded; TimeLimitError
   */
  async import(url: string, limit: number, what: string): Promise<Record<string, unknown>> {
    if (this.#loading.size === 0) process.on("exit", this.#onExit);
    this.#loading.set(url, what);
    try {
      return await withinTime(import(url) as Promise<Record<string, unknown>>, limit, `it took more than ${limit} ms`);
    } finally {
      this.#loading.delete(url);
      if (this.#loading.size === 0) process.off("exit", this.#onExit);
    }
  }

  #tell(code: number): void {
    const stack = callStack();
    const culprits = [...this.#loading].filter(([url]) => stack.includes(folderOf(url)));
    for (const [, what] of culprits) {
      process.stderr.write(`${what} ended the process while it was loaded: it called process.exit(${code}).\n`);
    }
    // Who asked for something else did not get it.
    if (culprits.length > 0 && code === 0) process.exitCode = 1;
  }
}

/** The calls that led here, `process.exit` among them. */
function callStack(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = STACK_DEPTH;
  const { stack = "" } = new Error("the process ends");
  Error.stackTraceLimit = stackTraceLimit;
  return stack;
}

function folderOf(url: string): string {
  return url.slice(0, url.lastIndexOf("/") + 1);
}
