import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { run } from "./program.js";

async function runHere(...argv: readonly string[]) {
  const printed: string[] = [];
  const told: string[] = [];
  const terminal = {
    print: (text: string) => printed.push(text),
    progress: (text: string) => told.push(text),
    width: 100,
  };
  const exitCode = await run(argv, terminal);
  return { exitCode, stdout: printed.join("\n"), stderr: told.join("\n") };
}

describe("kilonova", () => {
  it("prints its version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(await runHere("--version")).toEqual({ exitCode: 0, stdout: version, stderr: "" });
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

  it.each([["up"], ["down"], ["serve"], ["db"], ["db", "migrate"], ["db", "status"]])(
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

  it("leaves wrong options of the cloud to who explains failures", async () => {
    await expect(runHere("serve", "compute", "--http.prot", "1")).rejects.toMatchObject({ code: "config.invalid" });
    await expect(runHere("serve", "schedulr")).rejects.toMatchObject({ code: "config.invalid" });
  });
});
