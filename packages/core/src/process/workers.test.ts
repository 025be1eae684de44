import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ChildProgram, gone } from "../testing/child-program.js";
import { testFolder } from "../testing/folder.js";
import { pidsOf, serviceProgram, WORKERS } from "../testing/service-program.js";

const dist = (name: string) => fileURLToPath(new URL(`../../dist/process/${name}.js`, import.meta.url));

// Processes take their time to start where others run as well.
const PATIENCE = { timeout: 90_000 };

describe("a service program with workers", PATIENCE, () => {
  it("is ready, once, when all are up, and ends when all have stopped in order", async () => {
    const program = await serviceProgram([...WORKERS, "3"]);
    await program.printed("ready life");
    const pids = pidsOf(program.output, "postStartHook");
    expect(new Set(pids).size).toBe(3);
    program.tell("SIGTERM");
    const { code, stdout, stderr } = await program.ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.match(/ready/g)).toHaveLength(1);
    expect(new Set(pidsOf(stdout, "cleanupHost"))).toEqual(new Set(pids));
  });

  it("resets each worker at SIGHUP", async () => {
    const program = await serviceProgram([...WORKERS, "2"]);
    await program.printed("ready life");
    program.tell("SIGHUP");
    await program.printed("reset", 2);
    expect(new Set(pidsOf(program.output, "reset")).size).toBe(2);
  });

  it("replaces a worker that died, and says so", async () => {
    const program = await serviceProgram([...WORKERS, "2"]);
    await program.printed("ready life");
    const [, victim = 0] = pidsOf(program.output, "postStartHook");
    process.kill(victim, "SIGKILL");
    await program.printed("postStartHook", 3);
    expect(program.output).toContain(`"pid":${victim},"ended":"SIGKILL"`);
    const alive = pidsOf(program.output, "postStartHook").filter((pid) => pid !== victim);
    program.tell("SIGTERM");
    const { code, stdout } = await program.ended;
    expect(code).toBe(0);
    expect(new Set(pidsOf(stdout, "cleanupHost"))).toEqual(new Set(alive));
  });

  it("ends with 1 where a worker cannot start, which is said once", async () => {
    const { code, stdout, stderr } = await (await serviceProgram([...WORKERS, "3"], { INITHOST: "fail" })).ended;
    const lines = stderr.trimEnd().split("\n");
    expect(code).toBe(1);
    expect(lines).toEqual([
      "kilonova-life: no hypervisor",
      expect.stringMatching(/^kilonova-life: Worker \d+ ended with code 1 while it started; what it wrote says why\.$/),
    ]);
    expect(stdout).not.toContain("ready");
  });

  it("gives their start up at a signal", async () => {
    const program = await serviceProgram([...WORKERS, "2"], { INITHOST: "wait" });
    await program.printed("initHost");
    program.tell("SIGTERM");
    const { code, stdout, stderr } = await program.ended;
    expect(code).toBe(1);
    expect(stderr).toContain("kilonova-life: The start was interrupted; what had been started is stopped again.");
    expect(pidsOf(stdout, "cleanupHost")).toEqual(pidsOf(stdout, "initHost"));
  });

  it("drains at Ctrl-C, which all of its processes hear, and at a second one kills its workers at once", async () => {
    const program = await serviceProgram([...WORKERS, "2"], { CLEANUPHOST: "hang" });
    await program.printed("ready life");
    program.tellAll("SIGINT");
    await program.printed("cleanupHost", 2);
    program.tellAll("SIGINT");
    expect((await program.ended).code).toBe(130);
    for (const pid of pidsOf(program.output, "cleanupHost")) await gone(pid);
  });

  it("drains though each of its processes is told twice, as systemd does it", async () => {
    const program = await serviceProgram([...WORKERS, "2"]);
    await program.printed("ready life");
    program.tellAll("SIGTERM");
    const { code, stdout, stderr } = await program.ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(pidsOf(stdout, "cleanupHost")).toHaveLength(2);
  });

  it("leaves no worker behind when its primary is killed: they drain", async () => {
    const program = await serviceProgram([...WORKERS, "2"]);
    await program.printed("ready life");
    program.tell("SIGKILL");
    const { stdout, stderr } = await program.ended;
    expect(stderr).toBe("");
    const pids = pidsOf(stdout, "postStartHook");
    for (const pid of pids) await gone(pid);
    expect(new Set(pidsOf(stdout, "cleanupHost"))).toEqual(new Set(pids));
  });
});

describe("workers", PATIENCE, () => {
  it("that do not end in time are killed, and their primary says so", async () => {
    const folder = await testFolder({
      "primary.mjs": `
        import cluster from "node:cluster";
        import { Workers } from ${JSON.stringify(dist("workers"))};
        import { reportReady } from ${JSON.stringify(dist("worker-process"))};
        if (cluster.isWorker) {
          process.on("SIGTERM", () => { process.stdout.write("deaf\\n"); });
          reportReady({ endpoint: "http://somewhere" });
        } else {
          const logger = { error() {}, warn() {}, info() {}, debug() {} };
          const settings = { count: 2, logger, drain: 300, signal: new AbortController().signal };
          const workers = await Workers.start(settings);
          console.log("ready", workers.ready.endpoint);
          await workers.stop().catch((error) => console.log(error.message));
        }`,
    });
    const { code, stdout } = await new ChildProgram(`${folder}/primary.mjs`).ended;
    expect(code).toBe(0);
    expect(stdout).toContain("ready http://somewhere");
    expect(stdout).toContain("deaf");
    expect(stdout).toContain("Workers that had not ended 300 ms after SIGTERM were killed.");
  });
});

describe("a worker that died when all are told to stop", PATIENCE, () => {
  it("is not replaced any more, be the wait for that over at this very moment", async () => {
    const folder = await testFolder({
      "primary.mjs": `
        import cluster from "node:cluster";
        import { Workers } from ${JSON.stringify(dist("workers"))};
        import { reportReady } from ${JSON.stringify(dist("worker-process"))};
        if (cluster.isWorker) {
          process.stdout.write("born\\n");
          reportReady({});
          process.on("message", () => process.exit(3));
          process.on("SIGTERM", () => process.exit(0));
        } else {
          const logger = { error() {}, warn() {}, info() {}, debug() {} };
          let isOver;
          const over = new Promise((resolve) => { isOver = resolve; });
          const clock = { now: () => Date.now(), sleep: async () => isOver(workers.stop()) };
          const settings = { count: 1, logger, drain: 10_000, signal: new AbortController().signal, clock };
          const workers = await Workers.start(settings);
          for (const worker of Object.values(cluster.workers)) worker.send("die");
          await over;
          console.log("stopped");
        }`,
    });
    const { code, stdout } = await new ChildProgram(`${folder}/primary.mjs`).ended;
    expect([code, stdout]).toEqual([0, "born\nstopped\n"]);
  });
});
