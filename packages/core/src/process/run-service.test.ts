import { describe, expect, it } from "vitest";
import { serviceProgram } from "../testing/service-program.js";

// Processes take their time to start where others run as well.
describe("a service program", { timeout: 90_000 }, () => {
  it("says when it can be called, and stops in order at SIGTERM", async () => {
    const program = await serviceProgram();
    await program.printed("ready life");
    program.tell("SIGTERM");
    const { code, stdout, stderr } = await program.ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.replace(/ \d+$/gm, "")).toBe("initHost\npostStartHook\nready life\ncleanupHost\n");
  });

  it("resets its manager at SIGHUP, and goes on", async () => {
    const program = await serviceProgram();
    await program.printed("ready life");
    program.tell("SIGHUP");
    await program.printed("reset");
    program.tell("SIGINT");
    expect((await program.ended).code).toBe(0);
  });

  it("gives its start up at SIGTERM, though SIGHUP does nothing to it, and cleans up", async () => {
    const program = await serviceProgram([], { INITHOST: "wait" });
    await program.printed("initHost");
    program.tell("SIGHUP");
    program.tell("SIGTERM");
    const { code, stdout, stderr } = await program.ended;
    expect(code).toBe(1);
    expect(stderr).toBe("kilonova-life: The start was interrupted; what had been started is stopped again.\n");
    expect(stdout).toContain("cleanupHost");
    expect(stdout).not.toContain("ready");
  });

  it("gives its start up at SIGTERM while it connects", async () => {
    const program = await serviceProgram(["--transport.driver", "./transport.mjs#Silent"]);
    await program.printed("connecting");
    program.tell("SIGTERM");
    const { code, stderr } = await program.ended;
    expect(code).toBe(1);
    expect(stderr).toContain("kilonova-life: The start was interrupted");
  });

  it("gives its start up though its manager does not, after service.gracefulShutdownTimeout", async () => {
    const program = await serviceProgram(["--service.gracefulShutdownTimeout", "50ms"], { INITHOST: "hang" });
    await program.printed("initHost");
    program.tell("SIGINT");
    await program.printed("The start was interrupted");
    const { code, stdout, stderr } = await program.ended;
    expect(code).toBe(1);
    expect(stdout).toContain("cleanupHost");
    expect(stderr).toMatch(/the process was kept by what nobody had closed \(.*Timeout/);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("leaves at once at a second signal: %s", async (second, code) => {
    const program = await serviceProgram([], { CLEANUPHOST: "hang" });
    await program.printed("ready life");
    program.tell("SIGTERM");
    await program.printed("cleanupHost");
    program.tell(second);
    expect((await program.ended).code).toBe(code);
  });

  it("ends though something was left open, and names it", async () => {
    const program = await serviceProgram([], { POSTSTARTHOOK: "linger" });
    await program.printed("ready life");
    program.tell("SIGTERM");
    const { code, stderr } = await program.ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^kilonova-life: the process was kept by what nobody had closed \(.*Timeout\); it ends now\.$/m,
    );
  });

  it("ends with 1 and one sentence where it cannot start", async () => {
    const { code, stderr } = await (await serviceProgram([], { INITHOST: "fail" })).ended;
    expect([code, stderr]).toEqual([1, "kilonova-life: no hypervisor\n"]);
  });

  it.each([
    [
      ["--life.color", "red"],
      "life.color (command line --life.color): expected a known option, received an unknown one; did you mean life.colour?",
    ],
    [
      ["--service.reportInterval", "0"],
      "service.reportInterval (command line --service.reportInterval): expected duration from 100ms to 1d, received 0",
    ],
    [
      ["start"],
      "start (command line): expected an option, --group.option VALUE, or -h, --help, --shorthelp, -V, --version",
    ],
    [
      ["--service.workers", "2"],
      "service.workers (command line --service.workers): expected 1 over @kilonova/messaging#MemoryTransport, which stays in one process; for more, let transport.driver name a broker's transport, received 2",
    ],
  ])("ends with 2 and says what is wrong on its command line: %j", async (args, words) => {
    const { code, stdout, stderr } = await (await serviceProgram(args)).ended;
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("kilonova-life: a problem in the configuration\n");
    expect(stderr).toContain(words);
  });

  it("lists all options at --help, its own at --shorthelp, and starts nothing", async () => {
    const help = await (await serviceProgram(["--help"])).ended;
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("Usage: kilonova-life [options]");
    expect(help.stdout).toContain("Lives.");
    for (const option of ["--life.colour", "--service.workers", "--transport.driver"])
      expect(help.stdout).toContain(option);
    const short = await (await serviceProgram(["--shorthelp"])).ended;
    expect(short.stdout).toContain("--life.colour");
    expect(short.stdout).not.toContain("--transport.driver");
    expect(help.stdout + short.stdout).not.toContain("initHost");
  });

  it("prints its version", async () => {
    expect(await (await serviceProgram(["-V"])).ended).toMatchObject({ code: 0, stdout: "4.2.0\n", stderr: "" });
  });
});
