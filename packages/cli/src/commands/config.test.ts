import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runHere } from "../testing/run-here.js";

let folder: string;
let file: string;
const write = async (name: string, text: string) => {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
};
const config = (...argv: readonly string[]) => runHere("config", ...argv, "--config-file", file);

/** Installs a plugin with the option group `echo` beside the configuration. */
async function installPlugin(): Promise<void> {
  await write("package.json", JSON.stringify({ dependencies: { "plugin-echo": "*" } }));
  await write(
    "node_modules/plugin-echo/package.json",
    JSON.stringify({
      name: "plugin-echo",
      version: "1.0.0",
      type: "module",
      exports: "./index.js",
      kilonova: { api: "^0.1.0", optionGroups: ["echoOptions"] },
    }),
  );
  await write(
    "node_modules/plugin-echo/index.js",
    `import { optionGroup } from "@kilonova/config";
     import { z } from "zod";
     export const echoOptions = optionGroup("echo", z.object({
       level: z.int().default(3).meta({ deprecatedNames: ["volume"] }).describe("How loud."),
     }));`,
  );
  const ours = fileURLToPath(new URL("../../../config", import.meta.url));
  await mkdir(join(folder, "node_modules/@kilonova"));
  await symlink(ours, join(folder, "node_modules/@kilonova/config"));
  await symlink(join(ours, "node_modules/zod"), join(folder, "node_modules/zod"));
}

// Every command here loads the services, which takes its time on a busy machine.
beforeAll(() => import("@kilonova/deployment"));
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "kilonova-cli-")));
  file = await write("kilonova.config.yaml", "scheduler:\n  maxAttempts: 5\n");
});
afterEach(() => rm(folder, { recursive: true }));

describe("kilonova config show", () => {
  it("prints an option, a group or all, with values and where they come from", async () => {
    const one = await config("show", "scheduler.maxAttempts");
    expect(one).toEqual({ exitCode: 0, stdout: `scheduler.maxAttempts  5  (${file}:2)`, stderr: "" });
    const group = await config("show", "scheduler", "--scheduler.hostSubsetSize=2");
    expect(group.stdout).toMatch(/^scheduler\.hostSubsetSize +2 {2}\(command line --scheduler\.hostSubsetSize\)$/m);
    expect(group.stdout).not.toContain("http.port");
    expect((await config("show")).stdout).toMatch(/^http\.port +8774 {2}\(default\)$/m);
  });

  it("prints JSON, secrets masked", async () => {
    const { stdout } = await config("show", "--json", "--identity.adminPassword", "hunter22222");
    expect(stdout).not.toContain("hunter");
    const shown = JSON.parse(stdout);
    expect(shown).toContainEqual({ option: "scheduler.maxAttempts", value: 5, origin: `${file}:2` });
    expect(shown).toContainEqual({ option: "http.publicEndpoint", value: null, origin: "default" });
    expect(shown).toContainEqual({
      option: "identity.adminPassword",
      value: "***",
      origin: "command line --identity.adminPassword",
    });
  });

  it("shows the options of plugins beside the configuration", async () => {
    await installPlugin();
    expect((await config("show", "echo")).stdout).toBe("echo.level  3  (default)");
  });

  it.each([
    ["schedulr", "did you mean scheduler?"],
    ["scheduler.maxAttempt", "did you mean scheduler.maxAttempts?"],
  ])("refuses %s and says what was meant", async (name, expected) => {
    await expect(config("show", name)).rejects.toMatchObject({ code: "config.invalid" });
    await expect(config("show", name)).rejects.toThrow(expected);
  });

  it("refuses wrong values", async () => {
    await writeFile(file, "scheduler: { maxAttempts: none }");
    await expect(config("show", "scheduler")).rejects.toThrow(/scheduler\.maxAttempts .*yaml:1/);
  });
});

describe("kilonova config check", () => {
  it("ends with 0 and names the files where nothing is wrong", async () => {
    expect(await config("check")).toEqual({ exitCode: 0, stdout: `Nothing is wrong in ${file}.`, stderr: "" });
  });

  it("ends with 2 and says everything that is wrong, with what was meant", async () => {
    await writeFile(file, "schedular: {}\nscheduler: { maxAttempts: none, filtrs: [] }\nzzz: {}");
    const { exitCode, stdout, stderr } = await config("check", "--http.prot=1");
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/schedular \(.*yaml:1\).*did you mean scheduler\?/);
    expect(stderr).toMatch(/scheduler\.maxAttempts \(.*yaml:2\): expected number, received "none"/);
    expect(stderr).toMatch(/scheduler\.filtrs \(.*yaml:2\).*did you mean scheduler\.filters\?/);
    expect(stderr).toMatch(/http\.prot \(command line --http\.prot\).*did you mean http\.port\?/);
    expect(stderr).not.toContain("zzz");
    await writeFile(file, "zzz: {}");
    expect((await config("check")).stderr).toMatch(/zzz \(.*yaml:1\): expected a known option/);
  });

  it("prints the same as JSON", async () => {
    await writeFile(file, "scheduler: { filtrs: [] }");
    const { exitCode, stdout, stderr } = await config("check", "--json");
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      files: [file],
      problems: [
        {
          option: "scheduler.filtrs",
          place: `${file}:1`,
          expected: "a known option",
          received: "an unknown one",
          suggestion: "scheduler.filters",
        },
      ],
      failures: [],
      warnings: [],
    });
  });

  it("ends with 2 where a file can't be parsed, in JSON too", async () => {
    await writeFile(file, "a: [1");
    const { exitCode, stderr } = await config("check");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("expected valid yaml");
    expect(JSON.parse((await config("check", "--json")).stdout).problems).toHaveLength(1);
  });

  it("ends with 2 where an object path leads nowhere", async () => {
    await writeFile(file, "scheduler: { filters: [./absent.js#Absent] }");
    const { exitCode, stderr } = await config("check");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/option scheduler\.filters.*\.\/absent\.js#Absent/);
  });

  it("warns of an old name, which is nothing wrong", async () => {
    await installPlugin();
    await writeFile(file, "echo: { volume: 4 }");
    const { exitCode, stderr } = await config("check");
    expect(exitCode).toBe(0);
    expect(stderr).toBe(`Warning: echo.volume (${file}:1) is deprecated; use echo.level`);
  });

  it("warns of a secret on the command line, which is nothing wrong", async () => {
    const { exitCode, stderr } = await config("check", "--identity.adminPassword=hunter22222");
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^Warning: identity\.adminPassword is a secret/);
  });
});

describe("kilonova config diff", () => {
  it("prints what differs from the defaults", async () => {
    const expected = `scheduler.maxAttempts\n  - 3  (default)\n  + 5  (${file}:2)`;
    expect(await config("diff")).toEqual({ exitCode: 0, stdout: expected, stderr: "" });
    await writeFile(file, "scheduler: { maxAttempts: 3 }");
    expect((await config("diff")).stdout).toBe("There is no difference.");
  });

  it("prints what another file would change, as JSON too", async () => {
    const other = await write("other.toml", "[http]\nport = 9774\n");
    const { exitCode, stdout } = await config("diff", other, "--json");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      {
        option: "http.port",
        before: { value: 8774, origin: "default" },
        after: { value: 9774, origin: `${other}:2` },
      },
      {
        option: "scheduler.maxAttempts",
        before: { value: 5, origin: `${file}:2` },
        after: { value: 3, origin: "default" },
      },
    ]);
  });

  it("refuses a file that is not there", async () => {
    await expect(config("diff", join(folder, "absent.yaml"))).rejects.toThrow(/absent\.yaml\): expected a file/);
  });
});

describe("kilonova config sample and schema", () => {
  it("print what is in the box and what plugins declare", async () => {
    await installPlugin();
    const sample = await config("sample");
    expect(sample).toMatchObject({ exitCode: 0, stderr: "" });
    const schema = JSON.parse((await config("schema")).stdout);
    for (const group of ["scheduler", "qemu", "echo"]) {
      expect(sample.stdout).toMatch(new RegExp(`^${group}:$`, "m"));
      expect(schema.properties).toHaveProperty(group);
    }
    expect(schema.properties.echo.properties.level).toMatchObject({ type: "integer", default: 3 });
  });

  it("print what they can where the configuration is broken, and say what is missing", async () => {
    await writeFile(file, "a: [1");
    const { exitCode, stdout, stderr } = await config("sample");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^scheduler:$/m);
    expect(stderr).toMatch(/^Warning: not all options are there: .*\n.*expected valid yaml/);
  });
});
