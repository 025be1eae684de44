import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { z } from "zod";

const callsSchema = z.object({ perSecond: z.number(), p50: z.number(), p99: z.number() });

/** The two programs of one peer, which end when this process does: `peers/src/peer-program.ts` says what they speak. */
export class PeerPair {
  readonly #server: Program;
  readonly #client: Program;

  private constructor(server: Program, client: Program) {
    this.#server = server;
    this.#client = client;
  }

  /**
   * Starts both; resolves when calls can be made.
   *
   * @param signal kills them
   */
  static async start(
    name: string,
    [command = "", ...args]: readonly string[],
    url: string,
    signal: AbortSignal,
  ): Promise<PeerPair> {
    // The broker's password is in the address: not for everybody's eyes.
    const env = { ...process.env, BENCH_AMQP_URL: url, BENCH_TOPIC: `bench-${name}` };
    const start = async (role: string): Promise<Program> => {
      const program = new Program(`${name} ${role}`, command, [...args, role], { env, signal });
      try {
        await program.next();
      } catch (error) {
        await program.stop();
        throw error;
      }
      return program;
    };
    const server = await start("serve");
    try {
      return new PeerPair(server, await start("send"));
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Calls, so many at a time, for so long. Latencies in milliseconds. */
  async calls(how: { concurrency: number; seconds: number }): Promise<z.output<typeof callsSchema>> {
    return callsSchema.parse(await this.#client.ask({ ask: "calls", ...how }));
  }

  /** Casts, so many at a time; seconds from the first until the work of the last is done and all are sent. */
  async secondsForCasts(how: { concurrency: number; count: number }): Promise<number> {
    await this.#server.ask({ expect: how.count });
    const start = performance.now();
    const worked = this.#server.next();
    await Promise.all([this.#client.ask({ ask: "casts", ...how }), worked]);
    return (performance.now() - start) / 1_000;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#client.stop(), this.#server.stop()]);
  }
}

class Program {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(
    private readonly name: string,
    command: string,
    args: readonly string[],
    { env, signal }: { env: NodeJS.ProcessEnv; signal: AbortSignal },
  ) {
    this.#process = spawn(command, args, { env, signal, killSignal: "SIGKILL", stdio: ["pipe", "pipe", "inherit"] });
    // Nothing more comes from one that could not be started, which is told where it is waited for.
    this.#process.on("error", () => {});
    this.#process.stdin.on("error", () => {});
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** What it says next. */
  async next(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.name} ended, or could not be started`);
    return JSON.parse(value);
  }

  async ask(request: object): Promise<unknown> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.next();
  }

  async stop(): Promise<void> {
    if (this.#process.pid === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.stdin.end();
    await ended;
  }
}
