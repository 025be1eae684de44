import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { testFolder } from "../testing/folder.js";

const SLOW = `import { execFileSync } from "node:child_process";
export function hostPasses() { for (;;) {} }
export function weigh(until) { while (Date.now() < until) {} }
export function ask(seconds) { execFileSync("sleep", [seconds]); }
`;

/** Does what its standard input says, a command a line. */
const PROGRAM = `import { createInterface } from "node:readline";
import { LoopWatch } from ${JSON.stringify(new URL("../../dist/loop-watch/loop-watch.js", import.meta.url).href)};
import * as slow from "./node_modules/kilonova-slow/dist/index.js";
const [limit, file] = process.argv.slice(2);
const log = file ? { level: "info", file } : { level: "info" };
const logger = { warn: (fields, message) => { throw new Error(message); } };
const watch = new LoopWatch({ limit: Number(limit), log, program: "test", fields: { host: "node1" } }, logger);
if (!process.argv.includes("starting")) watch.started();
const commands = {
  spin: () => slow.hostPasses(),
  block: (time) => {
    slow.weigh(Date.now() + Number(time));
    console.log("free");
  },
  ask: (seconds) => slow.ask(seconds),
  level: (level) => watch.setLevel(level),
  exit: (code) => process.exit(Number(code)),
  stop: async () => { await watch.stop(); console.log("stopped"); },
};
createInterface(process.stdin).on("line", (line) => {
  const [command, argument] = line.split(" ");
  setImmediate(() => commands[command](argument));
});
console.log("ready");
`;

/** A process with a runtime, and a notifier that takes its time to load. */
const RUNTIME = `import { Runtime } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};
const argv = ["--service.loopLagLimit=200ms", "--service.host=node1", "--notifications.notifiers=./slow.mjs#Slow"];
const runtime = await Runtime.create({ program: "test", argv, env: {}, searchFolders: [] });
await runtime.close();
`;
const SLOW_MODULE = `const until = Date.now() + 1000;
while (Date.now() < until) {}
export class Slow { static [Symbol.for("kilonova.plugin")] = { kind: "notifier", version: 1 }; async close() {} }
`;

/** Milliseconds for which a process is stopped: much more than it is blocked for after. */
const STOPPED = 4_000;

interface Line {
  readonly msg: string;
  readonly [field: string]: unknown;
}

class Watched {
  readonly #lines: Line[] = [];
  #more: () => void = () => {};

  private constructor(
    readonly child: ChildProcess,
    readonly exit: Promise<number | null>,
  ) {
    if (!child.stderr) throw new Error("it has an error output");
    createInterface(child.stderr).on("line", (line) => {
      if (line.startsWith("{")) this.#lines.push(JSON.parse(line));
      if (line.startsWith("test: ")) this.#lines.push({ msg: line });
      this.#more();
    });
  }

  static async start({
    limit = 200,
    file = "",
    nodeArguments = [] as readonly string[],
    isStarting = false,
  } = {}): Promise<Watched> {
    const folder = await testFolder({
      "run.mjs": PROGRAM,
      "node_modules/kilonova-slow/package.json": '{"name":"kilonova-slow","type":"module"}',
      "node_modules/kilonova-slow/dist/index.js": SLOW,
    });
    const child = spawn(process.execPath, [
      ...nodeArguments,
      join(folder, "run.mjs"),
      String(limit),
      file,
      ...(isStarting ? ["starting"] : []),
    ]);
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const watched = new Watched(child, exit);
    await watched.says("ready");
    return watched;
  }

  async says(word: string): Promise<void> {
    const { stdout } = this.child;
    if (!stdout) throw new Error("it has an output");
    await new Promise<void>((resolve) => {
      stdout.on("data", (data: Buffer) => data.toString().includes(word) && resolve());
    });
  }

  tell(command: string): void {
    this.child.stdin?.write(`${command}\n`);
  }

  /** Its log, when it has so many lines. */
  async lines(count: number): Promise<readonly Line[]> {
    while (this.#lines.length < count) {
      await new Promise<void>((resolve) => {
        this.#more = resolve;
      });
    }
    return this.#lines;
  }
}

describe("a blocked event loop", () => {
  it("is told of by the function that never lets go of it, with its file and package", async () => {
    const watched = await Watched.start();
    watched.tell("spin");
    const [line] = await watched.lines(1);
    expect(line).toMatchObject({
      level: 40,
      host: "node1",
      function: "hostPasses",
      package: "kilonova-slow",
      file: "dist/index.js",
      line: 2,
    });
    expect(line?.msg).toMatch(
      /^the event loop has been blocked for \d+\.\d s by hostPasses of kilonova-slow \(dist\/index\.js:2\)$/,
    );
  });

  it("is told of once, and again when it is free, with the whole length", async () => {
    const watched = await Watched.start();
    watched.tell("block 1500");
    const [first, last] = await watched.lines(2);
    expect(first?.msg).toMatch(/^the event loop has been blocked for .* by weigh of kilonova-slow/);
    expect(last?.msg).toMatch(/^the event loop is free again: it was blocked for \d+\.\d s by weigh of kilonova-slow/);
    watched.tell("exit 0");
    expect(await watched.exit).toBe(0);
    expect(await watched.lines(2)).toHaveLength(2);
  });

  it("is told of where a system call keeps it, by name when the call returns", async () => {
    const watched = await Watched.start();
    watched.tell("ask 2");
    const [first, last] = await watched.lines(2);
    expect(first?.msg).toMatch(/ by something outside JavaScript, such as a system call that waits$/);
    expect(last?.msg).toMatch(/ by ask of kilonova-slow \(dist\/index\.js:4\)$/);
  });

  it("is told of in the file that the process logs to", async () => {
    const file = join(await testFolder(), "a.log");
    const watched = await Watched.start({ file });
    watched.tell("spin");
    await expect.poll(() => readFile(file, "utf8").catch(() => ""), { timeout: 10_000 }).toContain("by hostPasses");
  });

  it("is told of on the terminal too while the process starts, with what there is to do", async () => {
    const file = join(await testFolder(), "a.log");
    const watched = await Watched.start({ file, isStarting: true });
    watched.tell("spin");
    expect((await watched.lines(1))[0]?.msg).toMatch(
      new RegExp(`^test: the event loop has been .* by hostPasses of .*kill -9 ${watched.child.pid} ends it$`),
    );
    await expect.poll(() => readFile(file, "utf8").catch(() => ""), { timeout: 10_000 }).toContain("by hostPasses");
  });

  it("is told of in each process with a runtime, also while a plugin is loaded", async () => {
    const folder = await testFolder({
      "run.mjs": RUNTIME,
      "slow.mjs": SLOW_MODULE,
      "package.json": '{"name":"outsider"}',
    });
    const child = spawn(process.execPath, [join(folder, "run.mjs")], { cwd: folder });
    let log = "";
    child.stderr.on("data", (data: Buffer) => {
      log += data.toString();
    });
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
    expect(log).toMatch(/"host":"node1".*blocked for .* by unnamed code of outsider \(slow\.mjs:2\)/);
  });

  it("is not told of where the level of the log leaves it out", async () => {
    const watched = await Watched.start();
    watched.tell("level error");
    const free = watched.says("free");
    watched.tell("block 600");
    await free;
    // That nothing is told of it cannot be waited for; here a line would take two beats, of a fraction of the limit each.
    await sleep(1_000);
    watched.tell("level info");
    watched.tell("spin");
    expect((await watched.lines(1))[0]?.msg).toMatch(/hostPasses/);
  });
});

describe("a watched process", () => {
  it("ends as it would unwatched, in the middle of a blockage too", async () => {
    const idle = await Watched.start({ limit: 60_000 });
    idle.child.stdin?.end();
    expect(await idle.exit).toBe(0);
    const busy = await Watched.start();
    busy.tell("block 700");
    busy.tell("exit 7");
    expect(await busy.exit).toBe(7);
  });

  it("that was stopped and goes on was not blocked", async () => {
    const watched = await Watched.start({ limit: 500 });
    watched.child.kill("SIGSTOP");
    await sleep(STOPPED);
    watched.child.kill("SIGCONT");
    watched.tell("block 1200");
    const [first, last] = await watched.lines(2);
    for (const line of [first, last]) expect(line?.["blockedFor"]).toBeLessThan(STOPPED);
    expect(last?.msg).toMatch(/free again/);
  });

  it("is told of without a name while a debugger is open, which is left alone", async () => {
    const watched = await Watched.start({ nodeArguments: ["--inspect=0"] });
    watched.tell("spin");
    const [line] = await watched.lines(1);
    expect(line?.msg).toMatch(
      /^the event loop has been blocked for \d+\.\d s; a debugger can tell by what, or holds it$/,
    );
    expect(line).not.toHaveProperty("function");
  });
});
