import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { runHere } from "./testing/run-here.js";

// Help loads the services, which takes its time on a busy machine.
beforeAll(() => import("@kilonova/deployment"));

describe("kilonova", () => {
  it("prints its version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(await runHere("--version")).toEqual({ exitCode: 0, stdout: version, stderr: "" });
  });

  it("loads the services in actions alone, so that version, help of a command and mistyped flags cost no second", () => {
    const folder = new URL("./commands/", import.meta.url);
    const names = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
    expect(names).toContain("serve.ts");
    const files = [...names.map((name) => new URL(name, folder)), new URL("./program.ts", import.meta.url)];
    const atOnce = files.filter((file) =>
      /^import (?!type\b)[^;]*"@kilonova\/(deployment|core)"/m.test(readFileSync(file, "utf8")),
    );
    expect(atOnce).toEqual([]);
  });

  it("shows commands, the options of all that is installed with their defaults, and examples", async () => {
    const { exitCode, stdout, stderr } = await runHere("--help");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    for (const command of ["up", "down", "serve", "db"]) expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, "m"));
    expect(stdout).toMatch(/--http\.port +The port .*\n? *\(default: 8774\)/);
    expect(stdout).toMatch(/--qemu\.binary/);
    expect(stdout).toContain("\n  kilonova up --first-guest\n");
    expect(stdout).not.toMatch(/\(default:\s*(\)|\[object|\*\*\*|undefined)/);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it.each([["up"], ["down"], ["serve"], ["db"], ["db", "migrate"], ["db", "status"], ["config"]])(
    "shows an example in the help of %s %s",
    async (...command) => {
      const { exitCode, stdout } = await runHere(...command.filter(Boolean), "--help");
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(new RegExp(`\nExample:\n {2}kilonova ${command[0]}`));
      expect(stdout).toContain("`kilonova --help`");
    },
  );

  it.each([
    [["nosuch"], "kilonova: unknown command 'nosuch'. `kilonova --help` shows what there is."],
    [["upp"], "kilonova: unknown command 'upp' (Did you mean up?) `kilonova --help` shows what there is."],
    [["serve"], "kilonova: missing required argument 'name'. `kilonova serve --help` shows what there is."],
    [
      ["db", "migrate", "--force"],
      "kilonova: unknown option '--force'. `kilonova db migrate --help` shows what there is.",
    ],
  ])("answers %j with one line and exit code 2", async (argv, stderr) => {
    expect(await runHere(...argv)).toEqual({ exitCode: 2, stdout: "", stderr });
  });

  it("lists its commands and not the options where no command is named, and ends with 2", async () => {
    const { exitCode, stdout, stderr } = await runHere();
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/^Usage: kilonova/);
    expect(stderr).not.toContain("--http.port");
  });

  it("shows commands and flags alone for --shorthelp", async () => {
    const { exitCode, stdout } = await runHere("--shorthelp");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ {2}up\b/m);
    expect(stdout).not.toMatch(/--http\.port +The/);
    expect(stdout).toContain("listed by `kilonova --help`");
    expect((await runHere("up", "--shorthelp")).stdout).toContain("--first-guest");
  });

  it("lists all options in the help of a service, and its own alone in the short one", async () => {
    const { exitCode, stdout } = await runHere("serve", "scheduler", "--help");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Usage: kilonova serve/);
    expect(stdout).toMatch(/^ {2}--http\.port +The/m);
    const short = await runHere("serve", "scheduler", "--shorthelp");
    expect(short.stdout).toMatch(/^ {2}--scheduler\.maxAttempts /m);
    expect(short.stdout).not.toMatch(/^ {2}--http\.port/m);
  });

  it("tells version and help where the configuration can't be read, and says what the help lacks", async () => {
    const flags = ["--config-file", "/nonexistent/kilonova.config.yaml"];
    expect(await runHere(...flags, "--version")).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await runHere(...flags, "up", "--help")).stdout).toContain("--first-guest");
    const { exitCode, stdout } = await runHere(...flags, "--help");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/--http\.port/);
    expect(stdout).toMatch(/Not all options are listed: .*\n.*\/nonexistent\/kilonova\.config\.yaml/);
  });

  it("leaves a command behind a boolean option alone", async () => {
    const { stdout } = await runHere("--scheduler.shuffleBestSameWeighedHosts", "db", "--help");
    expect(stdout).toMatch(/^Usage: kilonova db/);
  });

  it("leaves wrong options of the cloud to who explains failures", async () => {
    await expect(runHere("serve", "compute", "--http.prot", "1")).rejects.toMatchObject({ code: "config.invalid" });
    await expect(runHere("serve", "schedulr")).rejects.toMatchObject({ code: "config.invalid" });
  });
});
