import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import type { Configuration } from "./configuration.js";
import { differences, differencesFromDefaults } from "./differences.js";
import { duration } from "./duration.js";
import { type LoadSettings, loadConfiguration, restOfCommandLine } from "./load-configuration.js";
import { type Options, optionGroup } from "./option-group.js";
import { tomlLines } from "./toml-lines.js";

const scheduler = optionGroup(
  "scheduler",
  z.object({
    maxAttempts: z.int().min(1).default(3).describe("How many hosts are tried.").meta({ mutable: true }),
    enabledFilters: z.array(z.string()).default(["ComputeFilter"]).describe("Which filters run."),
    ports: z.array(z.int()).default([]).describe("Ports."),
    dryRun: z.boolean().default(false).describe("Whether nothing is claimed."),
    interval: duration("60s")
      .describe("How often it looks.")
      .meta({ mutable: true, deprecatedNames: ["period"] }),
    zone: z
      .string()
      .optional()
      .describe("The zone.")
      .meta({ deprecatedNames: ["default.zone"] }),
    strategy: z.enum(["spread", "pack"]).default("spread").describe("How hosts are ordered."),
  }),
);
const database = optionGroup(
  "database",
  z.object({
    url: z.string().startsWith("postgres:").describe("Where the database is."),
    password: z.string().min(8).meta({ secret: true }).default("changeme!").describe("Its password."),
    replicas: z
      .array(z.object({ host: z.string(), token: z.string().meta({ secret: true }) }))
      .default([])
      .describe("Read replicas."),
  }),
);

let folder: string;
const write = async (name: string, text: string) => {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
};
const load = (settings: Partial<LoadSettings> = {}): Promise<Configuration> =>
  loadConfiguration({
    program: "kilonova",
    argv: [],
    env: {},
    cwd: join(folder, "work"),
    home: join(folder, "home"),
    ...settings,
  });
const messageOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    expect(error).toMatchObject({ code: "config.invalid" });
    return error instanceof Error ? error.message.replaceAll(folder, "") : "";
  }
  throw new Error("nothing was thrown");
};
const refusalOf = (settings: Partial<LoadSettings>): Promise<string> =>
  load(settings).then(
    () => "accepted",
    (error: Error) => error.message.replaceAll(folder, ""),
  );

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "kilonova-config-")));
  await mkdir(join(folder, "work"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("layers", () => {
  it("gives each option from the last layer that sets it, and says which", async () => {
    const file = await write("work/kilonova.config.yaml", "scheduler:\n  maxAttempts: 4\n  zone: a\n  dryRun: true\n");
    const configuration = await load({
      env: { KILONOVA_SCHEDULER__ZONE: "b", KILONOVA_SCHEDULER__MAX_ATTEMPTS: "5" },
      argv: ["--scheduler.maxAttempts", "6", "--scheduler.strategy=pack"],
      overrides: { scheduler: { strategy: "spread" } },
    });
    const options = configuration.get(scheduler);
    expect(options).toMatchObject({ maxAttempts: 6, zone: "b", dryRun: true, strategy: "spread", interval: 60_000 });
    const originOf = (name: string) => configuration.lookUp(`scheduler.${name}`).origin;
    expect(originOf("dryRun")).toEqual({ from: "file", path: file, line: 4 });
    expect(originOf("zone")).toEqual({ from: "environment", variable: "KILONOVA_SCHEDULER__ZONE" });
    expect(originOf("maxAttempts")).toEqual({ from: "command line", flag: "--scheduler.maxAttempts" });
    expect(originOf("strategy")).toEqual({ from: "override" });
    expect(originOf("interval")).toEqual({ from: "default" });
    configuration.check();
  });

  it("lets everything win over a preset, which wins over the schema's default", async () => {
    const presets = { scheduler: { strategy: "spread", zone: "preset" } };
    const configuration = await load({ presets, env: { KILONOVA_SCHEDULER__ZONE: "b" } });
    expect(configuration.get(scheduler)).toMatchObject({ strategy: "spread", zone: "b" });
    expect(configuration.lookUp("scheduler.strategy").origin).toEqual({ from: "preset" });
  });

  it("tells what was written for an option whose group nobody registered", async () => {
    await write("work/kilonova.config.yaml", "example:\n  manager: ./m.js#M\n");
    const configuration = await load({ env: { KILONOVA_OTHER__MANAGER: "./o.js#O" } });
    expect(configuration.writtenText("example.manager")).toBe("./m.js#M");
    expect(configuration.writtenText("other.manager")).toBe("./o.js#O");
    expect(configuration.writtenText("third.manager")).toBeUndefined();
  });

  it.each([
    ["the working folder's file", ["work/kilonova.config.yml", "home/.config/kilonova/kilonova.config.yaml"], 1],
    ["the user's file", ["home/.config/kilonova/kilonova.config.yaml"], 1],
    ["no file", [], 3],
  ])("uses %s alone", async (_, files, expected) => {
    for (const [index, file] of files.entries()) {
      await write(file, index === 0 ? "scheduler: { maxAttempts: 1 }" : "scheduler: { maxAttempts: 2, zone: z }");
    }
    const configuration = await load();
    expect(configuration.get(scheduler)).toMatchObject({ maxAttempts: expected });
    expect(configuration.get(scheduler).zone).toBeUndefined();
    expect(configuration.files).toEqual(files.slice(0, 1).map((file) => join(folder, file)));
    expect(configuration.baseDirectory).toBe(dirname(join(folder, files[0] ?? "work/none")));
  });

  it("takes an empty file for a file", async () => {
    await write("work/kilonova.config.yaml", "");
    await write("home/.config/kilonova/kilonova.config.yaml", "scheduler: { maxAttempts: 9 }");
    expect((await load()).get(scheduler).maxAttempts).toBe(3);
  });

  it("takes an empty JSON file for a file as well", async () => {
    await write("work/kilonova.config.json", "\n");
    expect((await load()).files).toEqual([join(folder, "work/kilonova.config.json")]);
  });

  it("runs and reads nothing else in the working folder to find it", async () => {
    const here = process.cwd();
    await write("work/kilonova.config.json", '{ "scheduler": { "maxAttempts": 4 } }');
    await write("work/package.json", "{ broken");
    await write("work/.config/config.cjs", "globalThis.configWasRun = true; module.exports = {};");
    await write("work/.config/config.yaml", "cosmiconfig: { searchPlaces: 7 }");
    process.chdir(join(folder, "work"));
    try {
      expect((await load()).get(scheduler).maxAttempts).toBe(4);
    } finally {
      process.chdir(here);
    }
    expect(globalThis).not.toHaveProperty("configWasRun");
  });

  it("says that a file it found cannot be read, and looks no further", async () => {
    await mkdir(join(folder, "work/kilonova.config.toml"), { recursive: true });
    await write("home/.config/kilonova/kilonova.config.yaml", "scheduler: { maxAttempts: 9 }");
    await expect(load()).rejects.toThrow(/kilonova\.config\.toml\): expected a file that can be read, received EISDIR/);
  });

  it("replaces the search by the files that the command line names, later ones winning option by option", async () => {
    await write("work/kilonova.config.yaml", "scheduler: { zone: searched }");
    await write("work/a.json", '{\n\t"scheduler": {\n\t\t"maxAttempts": 7, "enabledFilters": ["A", "B"]\n\t}\n}');
    await write("b.toml", '[scheduler]\nenabledFilters = ["C"]\n');
    const configuration = await load({ argv: ["up", "--config-file", "a.json", "--config-file=../b.toml"] });
    expect(configuration.get(scheduler)).toMatchObject({ maxAttempts: 7, enabledFilters: ["C"] });
    expect(configuration.get(scheduler).zone).toBeUndefined();
    expect(configuration.lookUp("scheduler.maxAttempts").origin).toMatchObject({ line: 3 });
    expect(configuration.baseDirectory).toBe(join(folder, "work"));
    expect(configuration.rest).toEqual(["up"]);
  });
});

describe("a configuration folder", () => {
  const argv = ["--config-dir", "conf.d"];

  it("adds its files after the searched one, in the order of their names; hidden, other and inner ones do not count", async () => {
    const searched = await write(
      "work/kilonova.config.yaml",
      "scheduler: { maxAttempts: 1, zone: searched, dryRun: true }",
    );
    const last = await write("work/conf.d/20-last.yaml", "scheduler: { zone: last }");
    const first = await write("work/conf.d/10-first.toml", '[scheduler]\nzone = "first"\nmaxAttempts = 2\n');
    await write("work/conf.d/.30-hidden.yaml", "scheduler: { zone: hidden }");
    await write("work/conf.d/README.md", "scheduler: { zone: readme }");
    await write("work/conf.d/40-folder.yaml/inner.yaml", "scheduler: { zone: inner }");
    const configuration = await load({ argv });
    expect(configuration.get(scheduler)).toMatchObject({ maxAttempts: 2, zone: "last", dryRun: true });
    expect(configuration.files).toEqual([searched, first, last]);
    expect(configuration.baseDirectory).toBe(join(folder, "work"));
    expect(configuration.rest).toEqual([]);
  });

  it("comes after the files that the command line names, and after another that is named before it", async () => {
    await write("work/a.yaml", "scheduler: { maxAttempts: 1, zone: a, strategy: pack }");
    await write("work/conf.d/b.json", '{ "scheduler": { "maxAttempts": 2, "zone": "b" } }');
    await write("work/more.d/c.yaml", "scheduler: { maxAttempts: 3 }");
    const configuration = await load({
      argv: ["--config-dir=conf.d", "--config-file", "a.yaml", "--config-dir", "more.d"],
    });
    expect(configuration.get(scheduler)).toMatchObject({ maxAttempts: 3, zone: "b", strategy: "pack" });
  });

  it("is looked through again by a reload, so that files may come and go", async () => {
    const gone = await write("work/conf.d/a.yaml", "scheduler: { maxAttempts: 4 }");
    const configuration = await load({ argv, groups: [scheduler] });
    await rm(gone);
    await write("work/conf.d/b.yaml", "scheduler: { interval: 5s }");
    expect(await configuration.reload()).toEqual({
      changed: ["scheduler.maxAttempts", "scheduler.interval"],
      ignored: [],
    });
    expect(configuration.get(scheduler)).toMatchObject({ maxAttempts: 3, interval: 5_000 });
  });

  it.each([
    [["--config-dir", "absent.d"], /absent\.d\): expected a folder that can be read, received ENOENT/],
    [["--config-dir", "file.d"], /file\.d\): expected a folder that can be read, received ENOTDIR/],
    [["--config-dir"], /--config-dir \(command line\): expected a folder's name, received nothing/],
  ])("is refused for %j", async (argv, expected) => {
    await write("work/file.d", "");
    expect(await refusalOf({ argv })).toMatch(expected);
  });

  it("is refused for each file in it that can't be used", async () => {
    await write("work/conf.d/a.yaml", "- 1");
    await write("work/conf.d/b.toml", "x");
    expect(await refusalOf({ argv })).toMatch(/2 problems[\s\S]*a\.yaml[\s\S]*b\.toml/);
  });
});

it("reads the files that a program names and no others", async () => {
  await write("work/kilonova.config.yaml", "scheduler: { zone: searched }");
  await write("work/conf.d/a.yaml", "scheduler: { zone: folder }");
  await write("work/other.yaml", "scheduler: { maxAttempts: 8 }");
  const configuration = await load({ files: ["other.yaml"], argv: ["--config-dir", "conf.d", "--scheduler.dryRun"] });
  expect(configuration.get(scheduler)).toMatchObject({ maxAttempts: 8, dryRun: true });
  expect(configuration.get(scheduler).zone).toBeUndefined();
});

it("tells the line of every value of a TOML file", async () => {
  const lines = [
    "other.deep = 1",
    'text = """',
    "[scheduler]",
    '"""',
    "[ scheduler ]",
    '"zone" = "a"',
    "ports = [",
    "  1,",
    "]",
    "[scheduler.more]",
    "x = 2",
    "[[lists]]",
    "y = 3",
    "inline = { z = 4 }",
  ];
  const lineOf = tomlLines(lines.join("\n"));
  const told = [["other", "deep"], ["scheduler"], ["scheduler", "zone"], ["scheduler", "ports"], ["scheduler", "more"]];
  expect(told.map(([group = "", option]) => lineOf(group, option))).toEqual([1, 5, 6, 7, 10]);
  expect([lineOf("lists", "y"), lineOf("lists", "none"), lineOf("none", "y")]).toEqual([13, 12, undefined]);
  await write("work/kilonova.config.toml", '[database]\nurl = "postgres:"\n\n[scheduler]\nzone = 3\n');
  const configuration = await load({ groups: [scheduler, database] });
  expect(messageOf(() => configuration.check())).toContain("scheduler.zone (/work/kilonova.config.toml:5)");
});

describe("the text of environment and command line", () => {
  it.each([
    ["zone", "10", "10"],
    ["maxAttempts", "10", 10],
    ["dryRun", "true", true],
    ["interval", "250ms", 250],
    ["interval", "2", 2_000],
    ["enabledFilters", "A, B,C", ["A", "B", "C"]],
    ["enabledFilters", "7", ["7"]],
    ["enabledFilters", '["A,B"]', ["A,B"]],
    ["enabledFilters", "", []],
    ["ports", "1,2", [1, 2]],
  ] as const)("%s=%s is %j", async (option, text, expected) => {
    const variable = `KILONOVA_SCHEDULER__${option.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
    const byEnvironment = await load({ env: { [variable]: text } });
    expect(byEnvironment.get(scheduler)[option]).toEqual(expected);
    const byArgument = await load({ argv: [`--scheduler.${option}=${text}`] });
    expect(byArgument.get(scheduler)[option]).toEqual(expected);
  });

  it("makes a list of a repeated flag, and takes the last one of a scalar", async () => {
    const argv = ["--scheduler.ports", "1", "--scheduler.ports=2", "--scheduler.zone", "a", "--scheduler.zone", "b"];
    expect((await load({ argv })).get(scheduler)).toMatchObject({ ports: [1, 2], zone: "b" });
  });

  it.each([
    ["a flag alone is true", ["--scheduler.dryRun"], true, []],
    ["no- is false", ["--no-scheduler.dryRun"], false, []],
    ["a known boolean leaves the next argument alone", ["--scheduler.dryRun", "up"], true, ["up"]],
    ["a known boolean takes true and false", ["--scheduler.dryRun", "false"], false, []],
    [
      "other flags are handed back",
      ["up", "--help", "-v", "--state-dir", "x"],
      false,
      ["up", "--help", "-v", "--state-dir", "x"],
    ],
    ["a no- with a value is no option", ["--no-scheduler.dryRun=x"], false, ["--no-scheduler.dryRun=x"]],
    ["a lone -- ends the options", ["--", "--scheduler.dryRun"], false, ["--", "--scheduler.dryRun"]],
  ])("%s", async (_, argv, dryRun, rest) => {
    const configuration = await load({ argv, groups: [scheduler] });
    expect(configuration.get(scheduler).dryRun).toBe(dryRun);
    expect(configuration.rest).toEqual(rest);
  });

  it("leaves variables of another form alone", async () => {
    const configuration = await load({ env: { KILONOVA_TEST_AMQP_URL: "x", PATH: "y", KILONOVA__X: "z" } });
    configuration.check();
  });
});

describe("problems", () => {
  it("come all in one message, each with option, place, expected and received", async () => {
    await write(
      "work/kilonova.config.yaml",
      [
        "scheduler:",
        "  maxAttemps: 4",
        "  maxAttempts: 0",
        "  interval: -5s",
        "  strategy: random",
        "schedular:",
        "  a: 1",
        "  b: 2",
        "database:",
        "  password: short",
        "  replicas: [{ host: 1, token: hidden1, prot: 3 }]",
      ].join("\n"),
    );
    const configuration = await load({
      env: { KILONOVA_SCHEDULER__PORTS: "1,x", KILONOVA_SCHEDULER__ZON: "q" },
      argv: ["--scheduler.zone", "--scheduler.dryRun=perhaps"],
    });
    configuration.register(scheduler, database);
    const message = messageOf(() => configuration.check());
    expect(message).toMatchInlineSnapshot(`
      "kilonova: 13 problems in the configuration
        scheduler.maxAttempts (/work/kilonova.config.yaml:3): expected number to be >=1, received 0
        scheduler.ports.1 (KILONOVA_SCHEDULER__PORTS): expected number, received "x"
        scheduler.dryRun (command line --scheduler.dryRun): expected boolean, received "perhaps"
        scheduler.interval (/work/kilonova.config.yaml:4): expected duration (250ms, 10s, 5m, 2h, 1d, or seconds), received "-5s"
        scheduler.zone (command line --scheduler.zone): expected string, received true
        scheduler.strategy (/work/kilonova.config.yaml:5): expected one of "spread"|"pack", received "random"
        database.replicas.0.prot (/work/kilonova.config.yaml:11): expected a known option, received an unknown one
        database.url (not set): expected string, received nothing
        database.password (/work/kilonova.config.yaml:10): expected string to have >=8 characters, received "***"
        database.replicas.0.host (/work/kilonova.config.yaml:11): expected string, received 1
        scheduler.maxAttemps (/work/kilonova.config.yaml:2): expected a known option, received an unknown one; did you mean scheduler.maxAttempts?
        schedular (/work/kilonova.config.yaml:7): expected a known option, received an unknown one; did you mean scheduler?
        KILONOVA_SCHEDULER__ZON (environment): expected a known option, received an unknown one; did you mean KILONOVA_SCHEDULER__ZONE?"
    `);
    expect(message).not.toMatch(/short|hidden1/);
    expect(messageOf(() => configuration.get(scheduler))).toContain("scheduler.maxAttempts");
  });

  it.each([
    ["YAML", "kilonova.config.yaml", "a:\n  b: [1\nc: secret1", /kilonova\.config\.yaml:\d/],
    ["JSON", "kilonova.config.json", '{ "a": { "b": secret1 } }', /valid json/],
    ["JSON with a key twice", "kilonova.config.json", '{ "a": {},\n "a": {} }', /json:2\): expected valid json/],
    ["TOML", "kilonova.config.toml", "[a]\nb = secret1", /toml:2\): expected valid toml/],
    ["a list", "kilonova.config.yaml", "- 1", /expected groups of options by name, received a list/],
    [
      "a group that is none",
      "kilonova.config.yaml",
      "x: {}\na: 3",
      /a \(.*yaml:2\): expected a group of options, received a number/,
    ],
  ])("a file is refused for %s, its text never quoted", async (_, name, text, expected) => {
    await write(`work/${name}`, text);
    const refusal = await refusalOf({});
    expect(refusal).toMatch(expected);
    expect(refusal).not.toContain("secret1");
  });

  it.each([
    [["--config-file", "absent.yaml"], /absent\.yaml\): expected a file that can be read, received ENOENT/],
    [["--config-file", "kilonova.ini"], /expected a file ending in \.yaml, \.yml, \.json, \.toml, received \.ini/],
    [["--config-file"], /--config-file \(command line\): expected a file's name, received nothing/],
  ])("%j is refused", async (argv, expected) => {
    await write("work/kilonova.ini", "");
    expect(await refusalOf({ argv })).toMatch(expected);
  });

  it("name an option that must be set", async () => {
    const configuration = await load();
    expect(messageOf(() => configuration.get(database))).toBe(
      "kilonova: a problem in the configuration\n  database.url (not set): expected string, received nothing",
    );
  });

  it("come from a schema that throws, too", async () => {
    const bad = z.string().transform((): string => {
      throw new Error("no good");
    });
    const group = optionGroup("odd", z.object({ one: bad.describe("One."), two: z.int().describe("Two.") }));
    const configuration = await load({ overrides: { odd: { one: "a", two: "b" } } });
    const message = messageOf(() => configuration.get(group));
    expect(message).toContain("odd.one (override): expected no good");
    expect(message).toContain("odd.two (override): expected number");
  });

  it("never quote a secret, whatever the schema's own message does", async () => {
    const error = (issue: { input?: unknown }) => `bad ${issue.input}`;
    const group = optionGroup(
      "keys",
      z.object({
        long: z.string().min(20, { error }).meta({ secret: true }).describe("Long."),
        odd: z
          .string()
          .refine(() => false, { error })
          .meta({ secret: true })
          .describe("Odd."),
      }),
    );
    const configuration = await load({
      overrides: { keys: { long: "hunter2", odd: "hunter3", inner: { token: "hunter4" } } },
    });
    const message = messageOf(() => configuration.get(group));
    expect(message).toContain("keys.long (override): expected string to have >=20 characters, received");
    expect(message).toContain("keys.odd (override): expected string, received");
    expect(message).not.toContain("hunter");
  });

  it("of a secret say what its schema says, where that does not depend on the value", async () => {
    const url = z.url({ error: "expected an http or https URL", protocol: /^https?$/ });
    const quoting = z.url({ error: ({ input }) => `no URL: ${String(input).slice(0, 3)}` });
    const group = optionGroup(
      "keys",
      z.object({
        urls: z.array(url).meta({ secret: true }).describe("Addresses."),
        odd: z
          .string()
          .refine((text) => text === "", "expected nothing at all")
          .meta({ secret: true })
          .describe("Odd."),
        part: quoting.meta({ secret: true }).describe("Part."),
      }),
    );
    const configuration = await load({
      overrides: { keys: { urls: ["http://a", "hunter2"], odd: "hunter3", part: "hunter4" } },
    });
    const message = messageOf(() => configuration.get(group));
    expect(message).toContain("keys.urls.1 (override): expected http or https URL, received");
    expect(message).toContain("keys.odd (override): expected nothing at all, received");
    expect(message).toContain("keys.part (override): expected a valid URL, received");
    expect(message).not.toContain("hun");
  });

  it("name an unknown option that is looked up", async () => {
    const configuration = await load({ groups: [scheduler] });
    expect(messageOf(() => configuration.lookUp("scheduler.zon"))).toContain("did you mean scheduler.zone?");
  });
});

describe("groups", () => {
  it("may come twice when they say the same, and are refused when they don't", async () => {
    const configuration = await load();
    const twin = () => optionGroup("twin", z.object({ a: z.string().default("x").describe("A.") }));
    configuration.register(twin(), twin());
    expect(configuration.groups()).toHaveLength(1);
    const other = optionGroup("twin", z.object({ b: z.string().default("x").describe("B.") }));
    expect(messageOf(() => configuration.register(other))).toMatch(/with a, received a second one with b/);
  });

  it("are given frozen, the same object each time, with the types of their schema", async () => {
    const configuration = await load({ overrides: { database: { url: "postgres://x" } } });
    const options = configuration.get(scheduler);
    expect(configuration.get(scheduler)).toBe(options);
    expect(Object.isFrozen(options) && Object.isFrozen(options.enabledFilters)).toBe(true);
    expectTypeOf(options).toEqualTypeOf<Options<typeof scheduler>>();
    expectTypeOf(options.interval).toEqualTypeOf<number>();
    expectTypeOf(options.strategy).toEqualTypeOf<"spread" | "pack">();
    expectTypeOf<Options<typeof database>["replicas"]>().toEqualTypeOf<{ host: string; token: string }[]>();
  });
});

it("is gone through option by option, each with its group, its value and where that comes from", async () => {
  const configuration = await load({ groups: [scheduler], argv: ["--scheduler.interval=2s"] });
  const found = [...configuration].map(({ group, option, value, origin }) => [
    `${group.name}.${option}`,
    value,
    origin.from,
  ]);
  expect(found).toHaveLength(Object.keys(scheduler.schema.shape).length);
  expect(found).toContainEqual(["scheduler.interval", 2_000, "command line"]);
  expect(found).toContainEqual(["scheduler.zone", undefined, "default"]);
  expect(configuration.lookUp("scheduler.interval")).toMatchObject({ value: 2_000, origin: { from: "command line" } });
});

it("hands a plain script its options and its other arguments, whoever declared them and when", async () => {
  const argv = ["in.txt", "--copy.times", "3", "out.txt", "-v", "--", "--copy.times=4"];
  const configuration = await load({ argv });
  const copy = optionGroup("copy", z.object({ times: z.int().default(1).describe("How many copies are made.") }));
  expect(configuration.get(copy).times).toBe(3);
  expect(configuration.rest).toEqual(["in.txt", "out.txt", "-v", "--", "--copy.times=4"]);
  configuration.check();
});

it("takes a command line apart without reading a file", async () => {
  await write("work/kilonova.config.yaml", "not: [closed");
  const argv = ["--config-file", "nowhere.yaml", "--config-dir=nowhere", "--scheduler.dryRun", "up", "--help"];
  expect(restOfCommandLine(argv, [scheduler])).toEqual(["up", "--help"]);
  expect(restOfCommandLine(argv)).toEqual(["--help"]);
});

describe("what differs", () => {
  it("from the defaults is a value, not the way it is written, nor that it is", async () => {
    await write(
      "work/kilonova.config.yaml",
      "scheduler: { maxAttempts: 3, interval: 1m, zone: z }\ndatabase: { url: 'postgres:' }",
    );
    const configuration = await load({
      groups: [scheduler, database],
      env: { KILONOVA_DATABASE__PASSWORD: "hunter22222" },
    });
    const found = differencesFromDefaults(configuration);
    expect(found.map(({ option }) => option)).toEqual(["scheduler.zone", "database.url", "database.password"]);
    expect(found[0]?.before).toEqual({ value: "nothing", origin: "default" });
    expect(found[0]?.after?.value).toBe('"z"');
    expect(found[0]?.after?.origin).toMatch(/config\.yaml:1$/);
    expect(JSON.stringify(found)).not.toMatch(/hunter|changeme/);
  });

  it("between two configurations has both values, of a secret that it differs, and what one alone declares", async () => {
    const env = { KILONOVA_DATABASE__URL: "postgres:" };
    const one = await load({
      groups: [scheduler, database],
      env,
      overrides: { database: { password: "hunter22222" } },
    });
    const other = await load({ groups: [scheduler], overrides: { scheduler: { interval: 3 } } });
    expect(differences(one, other)).toContainEqual({
      option: "scheduler.interval",
      before: { value: '"60s"', origin: "default" },
      after: { value: "3", origin: "override" },
    });
    expect(differences(one, other).find(({ option }) => option === "database.password")).toEqual({
      option: "database.password",
      before: { value: '"***"', origin: "override" },
      after: undefined,
    });
    expect(differences(one, one)).toEqual([]);
  });
});

it("warns of an old name once, when the group is checked or asked for", async () => {
  await write("work/kilonova.config.yaml", "scheduler: { period: 5s }");
  const configuration = await load({ groups: [scheduler] });
  expect(configuration.warnings).toEqual([]);
  configuration.check();
  configuration.get(scheduler);
  configuration.check();
  expect(configuration.warnings).toHaveLength(1);
});

it("reads old names with a warning; the present name wins within a layer, a later layer over both", async () => {
  await write("work/kilonova.config.yaml", "scheduler: { period: 5s, interval: 6s }\ndefault: { zone: old }");
  const configuration = await load({ groups: [scheduler] });
  expect(configuration.get(scheduler)).toMatchObject({ interval: 6_000, zone: "old" });
  expect(configuration.warnings.join("\n")).toMatch(
    /scheduler\.period \(.*yaml:1\) is deprecated; use scheduler\.interval/,
  );
  configuration.check();
  const later = await load({ env: { KILONOVA_SCHEDULER__PERIOD: "7s" } });
  expect(later.get(scheduler).interval).toBe(7_000);
});

it("dumps every option with its origin, secrets and passwords in addresses masked", async () => {
  const configuration = await load({
    groups: [database, scheduler],
    env: { KILONOVA_DATABASE__URL: "postgres://user:hunter2@host/db", KILONOVA_DATABASE__PASSWORD: "hunter22222" },
    overrides: { database: { replicas: [{ host: "h", token: "hunter3" }] } },
  });
  const dump = configuration.dump();
  expect(dump).toContainEqual({
    option: "database.url",
    value: '"postgres://user:***@host/db"',
    origin: "KILONOVA_DATABASE__URL",
  });
  expect(dump).toContainEqual({ option: "database.password", value: '"***"', origin: "KILONOVA_DATABASE__PASSWORD" });
  expect(dump).toContainEqual({
    option: "database.replicas",
    value: '[{"host":"h","token":"***"}]',
    origin: "override",
  });
  expect(dump).toContainEqual({ option: "scheduler.interval", value: '"60s"', origin: "default" });
  expect(JSON.stringify(dump)).not.toContain("hunter");
});

it("warns of a secret on the command line", async () => {
  const configuration = await load({ argv: ["--database.password=hunter22222", "--database.url=postgres://x"] });
  configuration.get(database);
  expect(configuration.warnings.join()).toMatch(/database\.password is a secret and stands on the command line/);
});

describe("reload", () => {
  const before = "scheduler: { maxAttempts: 3, zone: a, interval: 1s }";

  it("changes what is mutable, tells its listeners, and says what needs a restart", async () => {
    await write("work/kilonova.config.yaml", before);
    const configuration = await load();
    const old = configuration.get(scheduler);
    const told: unknown[] = [];
    const stop = configuration.onChange(scheduler, (options, changed) => told.push([options.maxAttempts, changed]));
    await write("work/kilonova.config.yaml", "scheduler: { maxAttempts: 9, zone: b, interval: 1000ms }");
    expect(await configuration.reload()).toEqual({ changed: ["scheduler.maxAttempts"], ignored: ["scheduler.zone"] });
    expect(configuration.get(scheduler)).toMatchObject({ maxAttempts: 9, zone: "a", interval: 1_000 });
    expect(old.maxAttempts).toBe(3);
    expect(told).toEqual([[9, ["maxAttempts"]]]);
    expect(configuration.warnings).toEqual(["scheduler.zone has changed and takes effect only after a restart"]);
    stop();
    await write("work/kilonova.config.yaml", before);
    expect(await configuration.reload()).toEqual({ changed: ["scheduler.maxAttempts"], ignored: [] });
    expect(told).toHaveLength(1);
  });

  it("changes nothing when the new file has a problem", async () => {
    await write("work/kilonova.config.yaml", before);
    const configuration = await load({ groups: [scheduler] });
    await write("work/kilonova.config.yaml", "scheduler: { maxAttempts: 9, zone: 3, unknown: 1 }");
    await expect(configuration.reload()).rejects.toThrow(/scheduler\.zone[\s\S]*scheduler\.unknown/);
    expect(configuration.get(scheduler).maxAttempts).toBe(3);
    await rm(join(folder, "work/kilonova.config.yaml"));
    await expect(configuration.reload()).rejects.toThrow(/ENOENT/);
  });

  it("tells every listener though one throws", async () => {
    await write("work/kilonova.config.yaml", before);
    const configuration = await load();
    const told: number[] = [];
    configuration.onChange(scheduler, () => {
      throw new Error("broken");
    });
    configuration.onChange(scheduler, (options) => told.push(options.maxAttempts));
    await write("work/kilonova.config.yaml", "scheduler: { maxAttempts: 4, zone: a, interval: 1s }");
    await expect(configuration.reload()).rejects.toThrow(AggregateError);
    expect(told).toEqual([4]);
  });
});
