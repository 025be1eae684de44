import { once } from "node:events";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { StateFolder } from "@kilonova/database/embedded";
import { type TestDatabase, testDatabase } from "@kilonova/database/testing";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { pluginClass } from "./plugin-folder.js";
import { expectAbsent, expectReleased, refusalOf, runCommand, SECRET } from "./refused-command.js";

/** Nothing listens on this port. */
const DEAD = "127.0.0.1:1";
const FAKE_DEVICES = [
  "--compute.driver=@kilonova/virt-fake#FakeDriver",
  "--network.driver=@kilonova/network-fake#FakeNetworkDriver",
];

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "kilonova-bad-")));
  const made = folder;
  onTestFinished(() => rm(made, { recursive: true, force: true }));
});

/** One mistake, and the words that have to be said of it. */
interface Mistake {
  readonly what: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files in the working folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly says: readonly (string | RegExp)[];
}

async function expectRefusal(mistake: Mistake, exitCode: 1 | 2): Promise<void> {
  const { args, env = {}, files = {}, says } = mistake;
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const message = refusalOf(await runCommand({ args, env, cwd: folder }), exitCode);
  for (const words of says) expect(message).toMatch(words);
}

describe("a command that does not exist as it is written", () => {
  it.each<Mistake>([
    { what: "an unknown command", args: ["upp"], says: ["unknown command 'upp'", "mean up?", "`kilonova --help`"] },
    {
      what: "an unknown inner command",
      args: ["db", "stat"],
      says: ["unknown command 'stat'", "`kilonova db --help`"],
    },
    {
      what: "a missing argument",
      args: ["serve"],
      says: ["missing required argument 'name'", "`kilonova serve --help`"],
    },
    { what: "an argument too many", args: ["up", "compute"], says: ["too many arguments", "`kilonova up --help`"] },
    { what: "an unknown flag", args: ["up", "--statedir", "x"], says: ["unknown option '--statedir'", "--state-dir"] },
    {
      what: "a flag without its value",
      args: ["up", "--state-dir"],
      says: ["'--state-dir <folder>' argument missing"],
    },
    {
      what: "an unknown service",
      args: ["serve", "compute", "schedulr"],
      says: ["service schedulr (command line)", "expected one of", "schedulr.manager", "did you mean scheduler?"],
    },
  ])("is refused with a line and a hint: $what", (mistake) => expectRefusal(mistake, 2));

  it("shows the commands where none is named", async () => {
    const { exitCode, stdout, stderr } = await runCommand({ args: [], cwd: folder });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/^Usage: kilonova.*up \[options\].*serve <name\.\.\.>/s);
  });
});

describe("options that are wrong", () => {
  it.each<Mistake>([
    {
      what: "an unknown option on the command line",
      args: ["--http.prot", "9774"],
      says: ["http.prot (command line --http.prot): expected a known option", "did you mean http.port?"],
    },
    {
      what: "an unknown group",
      args: ["--htp.port=9774"],
      says: ["htp (command line --htp.port)", "did you mean http?"],
    },
    {
      what: "an unknown option in a file",
      args: [],
      files: { "kilonova.config.yaml": "http:\n  host: 127.0.0.1\n  prot: 9774\n" },
      says: [/http\.prot \(\S+\/kilonova\.config\.yaml:3\): expected a known option/, "did you mean http.port?"],
    },
    {
      what: "an unknown option in the environment",
      args: [],
      env: { KILONOVA_HTTP__PROT: "9774" },
      says: ["KILONOVA_HTTP__PROT (environment)", "did you mean KILONOVA_HTTP__PORT?"],
    },
    {
      what: "a value of another type",
      args: ["--http.port", "many"],
      says: ['http.port (command line --http.port): expected number, received "many"'],
    },
    {
      what: "a number that is out of range",
      args: [],
      files: { "kilonova.config.json": '{\n  "http": {\n    "port": 99999\n  }\n}\n' },
      says: [/http\.port \(\S+\/kilonova\.config\.json(:3)?\): expected number to be <=65535, received 99999/],
    },
    {
      what: "a time that is none",
      args: [],
      env: { KILONOVA_COMPUTE__SHUTDOWN_TIMEOUT: "soon" },
      says: [/compute\.shutdownTimeout \(KILONOVA_COMPUTE__SHUTDOWN_TIMEOUT\): expected duration .*, received "soon"/],
    },
    {
      what: "a word that is not among those to choose from",
      args: ["--log.level", "loud"],
      says: [/log\.level .*expected one of "debug"\|"info".*received "loud"/],
    },
    {
      what: "an object path that is none",
      args: ["--scheduler.filters", "no path"],
      says: [/scheduler\.filters\.0 .*expected object path .*received "no path"/],
    },
    {
      what: "an address with a password, of something else",
      args: ["--database.url", `mysql://root:${SECRET}@localhost/nova`],
      says: [/database\.url .*expected postgresql:\/\/user:password@host:port\/name.*received "\*\*\*"/],
    },
    {
      what: "two mistakes in two places",
      args: ["--http.port", "-1"],
      files: { "kilonova.config.yaml": `identity:\n  adminPasword: ${SECRET}\n` },
      says: [
        "2 problems",
        "http.port (command line",
        /identity\.adminPasword \(\S+:2\)/,
        "mean identity.adminPassword?",
      ],
    },
    {
      what: "a file that is not there",
      args: ["--config-file", "nowhere.yaml"],
      says: [/configuration file \(\S+\/nowhere\.yaml\): expected a file that can be read/],
    },
    {
      what: "a file that cannot be parsed",
      args: [],
      files: { "kilonova.config.yaml": `identity:\n  adminPassword: [${SECRET}\n` },
      says: [/configuration file \(\S+\/kilonova\.config\.yaml:\d\): expected valid yaml/],
    },
  ])("are refused before anything is made: $what", async (mistake) => {
    await expectRefusal({ ...mistake, args: ["up", ...mistake.args] }, 2);
    await expectAbsent(join(folder, ".kilonova"));
  });

  it.each<Mistake>([
    { what: "by serve", args: ["serve", "compute"], says: ["http.prot", "did you mean http.port?"] },
    { what: "by db", args: ["db", "status"], says: ["http.prot", "did you mean http.port?"] },
    { what: "by down", args: ["down"], says: ["http.prot", "did you mean http.port?"] },
  ])("are refused all the same $what", (mistake) => {
    return expectRefusal({ ...mistake, args: [...mistake.args, "--http.prot", "9774"] }, 2);
  });

  it("are refused by serve also where they stand in the environment, before it looks for its database", () => {
    const args = ["serve", "identity", "--database.url", `postgresql://${DEAD}/cloud`];
    const says = ["KILONOVA_HTTP__PROT (environment)", "did you mean KILONOVA_HTTP__PORT?"];
    return expectRefusal({ what: "environment", args, env: { KILONOVA_HTTP__PROT: "9774" }, says }, 2);
  });

  it.each<Mistake>([
    { what: "a service that keeps something there", args: ["serve", "identity"], says: ["for service identity"] },
    { what: "what looks after it", args: ["db", "migrate"], says: ["for kilonova db"] },
  ])("include a database that is named to nobody: $what", (mistake) => {
    return expectRefusal({ ...mistake, says: ["database.url (not set): expected postgresql://", ...mistake.says] }, 2);
  });
});

describe("a plugin's path", () => {
  const driver = (text: string) => ({ "driver.mjs": text });
  const tag = `static [Symbol.for("kilonova.plugin")] = { kind: "virt-driver", version: 1 };`;
  const kindOfOthers = "@kilonova/network-fake#FakeNetworkDriver";

  const mistakes: readonly (Mistake & { readonly path: string })[] = [
    {
      what: "to a package that is not there",
      path: "@acme/virt#Driver",
      args: [],
      says: ["package @acme/virt", "npm install @acme/virt"],
    },
    {
      what: "to a file that is not there",
      path: "./nowhere.mjs#Driver",
      args: [],
      says: [/there is no file \S+\/nowhere\.mjs/],
    },
    {
      what: "to something that its package does not export",
      path: "@kilonova/virt-fake#NoDriver",
      args: [],
      says: [/@kilonova\/virt-fake#NoDriver of .* \(in the box\) leads nowhere/, "exports", "FakeDriver"],
    },
    {
      what: "to a module that throws",
      path: "./driver.mjs#Driver",
      args: [],
      files: driver(`throw new Error("no licence");`),
      says: ["./driver.mjs#Driver could not be loaded: no licence"],
    },
    {
      what: "to another kind of plugin",
      path: kindOfOthers,
      args: [],
      says: [`${kindOfOthers} of `, "(in the box): expected a virt-driver, received a network-driver"],
    },
    {
      what: "to a class that is no plugin",
      path: "./driver.mjs#Driver",
      args: [],
      files: driver("export class Driver {}"),
      says: ["./driver.mjs#Driver: expected a virt-driver, received class Driver, which is no plugin"],
    },
    {
      what: "to a class whose constructor throws",
      path: "./driver.mjs#Driver",
      args: [],
      files: driver(`export class Driver { ${tag} constructor() { throw new Error("no power"); } }`),
      says: ["./driver.mjs#Driver could not be made: no power"],
    },
  ];

  it.each(mistakes)("is refused in words that name option and path: $what", (mistake) => {
    const args = ["serve", "compute", "--compute.driver", mistake.path];
    return expectRefusal({ ...mistake, args, says: ["option compute.driver", ...mistake.says] }, 1);
  });

  it.each(mistakes.filter(({ what }) => /not there|throws$/.test(what)).slice(1, 3))(
    "that leads nowhere costs nothing else: $what",
    async (mistake) => {
      const args = ["up", "--compute.driver", mistake.path];
      await expectRefusal({ ...mistake, args, says: ["option compute.driver", ...mistake.says] }, 1);
      await expectAbsent(join(folder, ".kilonova"));
    },
  );

  it("may lead to a module with options of its own, and those are checked as well", async () => {
    const { resolve } = createRequire(import.meta.url);
    const text = `
      import { optionGroup } from ${JSON.stringify(pathToFileURL(resolve("@kilonova/plugin-api")).href)};
      import { z } from ${JSON.stringify(pathToFileURL(resolve("zod")).href)};
      export const acme = optionGroup("acme", z.object({ power: z.number().default(1).describe("In kilowatts.") }));
      export class Driver { ${tag} }`;
    const args = ["up", "--compute.driver", "./driver.mjs#Driver", "--acme.power", "much"];
    const says = ['acme.power (command line --acme.power): expected number, received "much"'];
    await expectRefusal({ what: "options", args, files: driver(text), says }, 2);
  });
});

describe("an address where nobody answers, or somebody else", () => {
  it("is named where it is the database's", async () => {
    const says = [
      `PostgreSQL at postgresql://nova@${DEAD}/cloud cannot be reached`,
      "Start it, or correct option database.url",
    ];
    const options = ["--database.url", `postgresql://nova:${SECRET}@${DEAD}/cloud`];
    await expectRefusal({ what: "serve", args: ["serve", "placement", ...options], says }, 1);
    await expectRefusal({ what: "db", args: ["db", "migrate", ...options], says }, 1);
  });

  it("is named where it is the broker's", async () => {
    const driver = [
      "--transport.driver",
      "@kilonova/transport-rabbitmq#RabbitmqTransport",
      "--rabbitmq.connectTimeout",
      "1s",
    ];
    const args = ["serve", "compute", ...driver, "--rabbitmq.url", `amqp://nova:${SECRET}@${DEAD}`];
    await expectRefusal({ what: "broker", args, says: [`RabbitMQ at amqp://nova@${DEAD}`, "Start it, or correct"] }, 1);
  });

  it("is named where another listens on the port of the cloud", async () => {
    const port = await takenPort();
    const says = [`Port ${port} of 127.0.0.1 cannot be listened on`, "Stop what uses it, or choose another by --http"];
    await expectRefusal({ what: "up", args: ["up", "--state-dir", "state", "--http.port", String(port)], says }, 1);
    await expectReleased(join(folder, "state"));
    await expectAbsent(join(folder, "state", "postgresql"));
  });
});

describe("a schema that is not of this release", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database?.drop());

  const expectSchemaRefusal = async (command: readonly string[], says: Mistake["says"]) => {
    const env = { KILONOVA_DATABASE__URL: database.url };
    const result = await runCommand({ args: command, env, cwd: folder });
    const message = refusalOf(result, 1);
    for (const words of says) expect(message).toMatch(words);
    expect(message).not.toContain(new URL(database.url.replace(/@.*/, "@host")).password);
  };

  it("is refused where it is missing, with the command that makes it", async () => {
    await expectSchemaRefusal(["serve", "identity"], [/The schema of framework is older.*Run `kilonova db migrate`/]);
  });

  it("is refused where another release made it, also by db migrate", async () => {
    const env = { KILONOVA_DATABASE__URL: database.url };
    expect(await runCommand({ args: ["db", "migrate"], env, cwd: folder })).toMatchObject({ exitCode: 0 });
    await expectPortRefusal(database.url);

    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      "insert into framework.migrations (owner, id, checksum) values ('identity', '9999-tomorrow', 'x')",
    );
    await client.end();
    const says = [
      "The schema of identity was made by another release",
      "9999-tomorrow",
      "Run the release that made it",
    ];
    await expectSchemaRefusal(["serve", "identity"], says);
    await expectSchemaRefusal(["db", "migrate"], says);
  });

  /** While the schema is right, what else keeps a service from its start is said. */
  async function expectPortRefusal(url: string): Promise<void> {
    const port = await takenPort();
    const env = { KILONOVA_DATABASE__URL: url };
    const says = [new RegExp(`${port}`), "127.0.0.1", "choose another"];
    await expectRefusal(
      { what: "serve", args: ["serve", "placement", "image", "--http.port", `${port}`], env, says },
      1,
    );
  }
});

describe("a state folder", () => {
  it("is refused where a file is in its way, or where nothing can be written", async () => {
    const files = { state: "in the way" };
    const words = [/The state folder \S+ cannot be written \(.+\): make it writable for uid \d+, or name another/];
    await expectRefusal({ what: "file", args: ["up", "--state-dir", "state"], files, says: words }, 1);
    await expectRefusal({ what: "below", args: ["up", "--state-dir", "state/cloud"], says: words }, 1);
    expect(await readFile(join(folder, "state"), "utf8")).toBe(files.state);
    await expectRefusal({ what: "read-only", args: ["up", "--state-dir", await readOnlyPath()], says: words }, 1);
  });

  it("is refused while another process holds it, who is named", async () => {
    const held = await StateFolder.hold(join(folder, "state"));
    onTestFinished(() => held.release());
    const says = [
      `The state folder ${held.path} is held by another process, pid ${process.pid}`,
      "stop that one first",
    ];
    await expectRefusal({ what: "held", args: ["up", "--state-dir", "state", "--http.port", "0"], says }, 1);
  });

  it("is refused by down where nothing ever was, and is not made", async () => {
    await mkdir(join(folder, "mine"));
    for (const name of ["nowhere", "mine"]) {
      const says = [`There is no state folder ${join(folder, name)}`, "--state-dir"];
      await expectRefusal({ what: name, args: ["down", "--state-dir", name], says }, 1);
    }
    await expectAbsent(join(folder, "nowhere"));
    await expectAbsent(join(folder, "mine", "lock"));
  });

  it("is let go, with its PostgreSQL, when the cloud does not start; data of another PostgreSQL are left alone", async () => {
    const state = join(folder, "state");
    const up = ["up", "--state-dir", "state", "--http.port", "0", ...FAKE_DEVICES];
    const late = pluginClass("filter", "Late", 'constructor() { throw new Error("it is too late"); }');
    await writeFile(join(folder, "late.mjs"), late);
    const says = ["option scheduler.filters", "./late.mjs#Late could not be made: it is too late"];
    await expectRefusal({ what: "late", args: [...up, "--scheduler.filters", "./late.mjs#Late"], says }, 1);
    await expectReleased(state);

    const version = join(state, "postgresql", "data", "PG_VERSION");
    const ours = await readFile(version, "utf8");
    await writeFile(version, "12\n");
    await expectRefusal(
      { what: "major", args: up, says: [/written by PostgreSQL 12, this release brings PostgreSQL \d+/, "pg_dump"] },
      1,
    );
    await writeFile(version, ours);

    const record = join(state, "postgresql", "cluster.json");
    const recorded = await readFile(record, "utf8");
    await writeFile(record, recorded.replace(/("postgresqlMajor": )\d+/, "$112"));
    await expectRefusal({ what: "record", args: up, says: ["written by PostgreSQL 12", "pg_dump"] }, 1);
    await writeFile(record, recorded);

    const secrets = join(state, "secrets.json");
    await writeFile(secrets, (await readFile(secrets, "utf8")).slice(0, -20));
    await expectRefusal(
      { what: "secrets", args: up, says: [`${secrets} cannot be used: it is damaged`, "--state-dir"] },
      1,
    );
    await expectReleased(state);
  });
});

/** A port on which somebody listens until the test is over. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A path where this user can make no folder: root can nearly everywhere, but not among the kernel's own files. */
async function readOnlyPath(): Promise<string> {
  if (process.getuid?.() === 0) return "/sys/kilonova";
  await mkdir(join(folder, "read-only"), { mode: 0o500 });
  return join(folder, "read-only", "state");
}
