import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { EmbeddedPostgres } from "./embedded-postgres.js";
import { isRunning } from "./process.js";
import { possibleRunAs, type RunAs } from "./run-as.js";
import { openRuntimeFolder } from "./runtime-folder.js";
import { StateFolder } from "./state-folder.js";

const built = fileURLToPath(new URL("../../dist/embedded/index.js", import.meta.url));
const closers: (() => Promise<unknown>)[] = [];
let used: string;

beforeAll(async () => {
  used = await mkdtemp(join(tmpdir(), "kilonova-state-"));
  const stateFolder = await StateFolder.hold(used);
  const server = await EmbeddedPostgres.start({ stateFolder, fsync: false });
  await server.ensureDatabase("kept");
  await query(server.url("kept"), "create table letters as select 'a' as letter");
  await server.stop();
  await stateFolder.release();
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

afterAll(() => rm(used, { recursive: true, force: true }));

/** The one folder in which a server has been before, with the table `letters` in the database `kept`. */
const usedFolder = () => hold(used);

/** A copy of it, to be spoilt. */
async function copiedFolder(): Promise<StateFolder> {
  const path = await temporaryFolder();
  await cp(join(used, "postgresql"), join(path, "postgresql"), { recursive: true });
  return await hold(path);
}

async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "kilonova-state-"));
  closers.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function hold(path: string): Promise<StateFolder> {
  const stateFolder = await StateFolder.hold(path);
  closers.push(() => stateFolder.release());
  return stateFolder;
}

async function start(stateFolder: StateFolder, runAs?: readonly RunAs[]): Promise<EmbeddedPostgres> {
  const server = await EmbeddedPostgres.start({ stateFolder, ...(runAs && { runAs }) });
  closers.push(() => server.stop());
  return server;
}

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Starts a server from a process of its own and kills that process. Returns the server's id and socket. */
async function startAndDie(path: string): Promise<{ pid: number; socketFolder: string }> {
  const script = `
    import { EmbeddedPostgres, StateFolder } from ${JSON.stringify(built)};
    const stateFolder = await StateFolder.hold(${JSON.stringify(path)});
    const { pid, socketFolder } = await EmbeddedPostgres.start({ stateFolder });
    console.log(JSON.stringify({ pid, socketFolder }));
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await firstLine(child);
  child.kill("SIGKILL");
  await once(child, "exit");
  return JSON.parse(line) as { pid: number; socketFolder: string };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the child has no standard output");
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  return chunk.toString("utf8");
}

const keptLetters = (server: EmbeddedPostgres) => query(server.url("kept"), "select letter from letters");

describe.each(await possibleRunAs())("as $name", (runAs) => {
  test("a first start makes data, a second finds them, in a folder that only its owner may enter", async () => {
    const stateFolder = await hold(await temporaryFolder());
    const first = await start(stateFolder, [runAs]);
    await first.ensureDatabase("cloud");
    await query(first.url("cloud"), "create table kept as select 1 as id");
    const { uid } = await stat(join(stateFolder.path, "postgresql", "data"));
    await first.stop();
    const second = await start(stateFolder, [runAs]);

    expect(uid).toBe(runAs.uid);
    expect((await stat(stateFolder.path)).mode & 0o777).toBe(0o700);
    expect(second.adopted).toBe(false);
    expect(second.url()).toBe(first.url());
    expect(await query(second.url("cloud"), "select id from kept")).toEqual([{ id: 1 }]);
  });

  test("data that were made in another way are taken over", async () => {
    const server = await start(await usedFolder(), [runAs]);
    expect(await keptLetters(server)).toEqual([{ letter: "a" }]);
  });
});

describe("a running server", () => {
  let server: EmbeddedPostgres;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const stateFolder = await StateFolder.hold(used);
    server = await EmbeddedPostgres.start({ stateFolder, fsync: false });
    stop = async () => {
      await server.stop();
      await stateFolder.release();
    };
  });

  afterAll(() => stop());

  test("asks for a password on its socket and listens nowhere else", async () => {
    const wrong = new Client({ ...server.superuser(), password: "wrong" });
    wrong.on("error", () => undefined);

    await expect(wrong.connect()).rejects.toMatchObject({ code: "28P01" });
    expect(await query(server.url(), "show listen_addresses")).toEqual([{ listen_addresses: "" }]);
    expect((await stat(dirname(server.socketFolder))).mode & 0o066).toBe(0);
    expect((await stat(server.socketFolder)).mode & 0o777).toBe(0o700);
  });

  test("the generated password is in one file that its owner alone reads, and in no command line", async () => {
    const record = join(used, "postgresql", "cluster.json");
    const { password } = server.superuser();

    expect(await readFile(record, "utf8")).toContain(password);
    expect((await stat(record)).mode & 0o777).toBe(0o600);
    if (process.platform === "linux") {
      expect(await readFile(`/proc/${server.pid}/cmdline`, "utf8")).not.toContain(password);
      expect(await readFile(`/proc/${server.pid}/environ`, "utf8")).not.toContain(password);
    }
  });

  test("letters of every language sort by code point and fold their case", async () => {
    expect(await query(server.url("kept"), "select lower('ÄΩ') as folded, 'Z' < 'a' as sorted")).toEqual([
      { folded: "äω", sorted: true },
    ]);
  });

  test("a database is made once, by however many ask for it", async () => {
    await Promise.all([1, 2, 3].map(() => server.ensureDatabase("Several words")));
    expect(await query(server.url("Several words"), "select current_database() as name")).toEqual([
      { name: "Several words" },
    ]);
  });

  test("runs in a session of its own, out of reach of a Ctrl-C", async () => {
    const ps = spawn("ps", ["-o", "sess=", "-p", `${server.pid}`], { stdio: ["ignore", "pipe", "inherit"] });
    expect(Number(await firstLine(ps))).toBe(server.pid);
  });
});

test("after a kill -9 of the server the next start recovers at the same address", async () => {
  const stateFolder = await usedFolder();
  const first = await start(stateFolder);
  const client = new Client({ connectionString: first.url("kept") });
  client.on("error", () => undefined);
  await client.connect();
  await client.query("create table committed as select 1 as id");
  process.kill(first.pid, "SIGKILL");
  await first.ended;

  const second = await start(stateFolder);
  expect(second.pid).not.toBe(first.pid);
  expect(second.url()).toBe(first.url());
  expect(await query(second.url("kept"), "select id from committed")).toEqual([{ id: 1 }]);
});

describe("when the process that started it was killed", () => {
  test("the next start takes the running server over, and can stop it", async () => {
    const left = await startAndDie(used);
    const server = await start(await usedFolder());

    expect(server).toMatchObject({ pid: left.pid, socketFolder: left.socketFolder, adopted: true });
    expect(await keptLetters(server)).toEqual([{ letter: "a" }]);
    await server.stop();
    await server.ended;
    expect(await isRunning(left.pid)).toBe(false);
  });

  test("a server whose socket is gone is ended, and another started", async () => {
    const left = await startAndDie(used);
    await rm(left.socketFolder, { recursive: true });
    const server = await start(await usedFolder());

    expect(server.adopted).toBe(false);
    expect(await isRunning(left.pid)).toBe(false);
    expect(await keptLetters(server)).toEqual([{ letter: "a" }]);
  });

  test("and the server with it, the next start recovers", async () => {
    const left = await startAndDie(used);
    process.kill(left.pid, "SIGKILL");
    const server = await start(await usedFolder());

    expect(server.adopted).toBe(false);
    expect(await keptLetters(server)).toEqual([{ letter: "a" }]);
  });
});

test("a stale postmaster.pid whose number another process has now is no obstacle", async () => {
  const stateFolder = await usedFolder();
  const data = join(stateFolder.path, "postgresql", "data");
  await writeFile(join(data, "postmaster.pid"), `${process.pid}\n${data}\n1\n5432\n/tmp\n\n0 0\nready\n`);
  expect((await start(stateFolder)).adopted).toBe(false);
});

test("a copy of the folder of a running server gets a server of its own", async () => {
  const stateFolder = await usedFolder();
  const original = await start(stateFolder);
  const copy = await temporaryFolder();
  await cp(join(stateFolder.path, "postgresql"), join(copy, "postgresql"), { recursive: true });
  const second = await start(await hold(copy));

  expect(second.adopted).toBe(false);
  expect(second.socketFolder).not.toBe(original.socketFolder);
  expect(await keptLetters(original)).toEqual([{ letter: "a" }]);
});

test("a path far longer than a socket's may be is fine", async () => {
  const path = join(await temporaryFolder(), "long ".repeat(30).trim(), "längst".repeat(20));
  const stateFolder = await hold(path);
  await cp(join(used, "postgresql"), join(path, "postgresql"), { recursive: true });
  expect(await keptLetters(await start(stateFolder))).toEqual([{ letter: "a" }]);
});

test("data of another major version are refused in words, and left alone", async () => {
  const stateFolder = await usedFolder();
  const data = join(stateFolder.path, "postgresql", "data");
  await writeFile(join(data, "PG_VERSION"), "17\n");

  await expect(start(stateFolder)).rejects.toMatchObject({
    code: "database.versionMismatch",
    message: expect.stringMatching(/written by PostgreSQL 17.*brings PostgreSQL 18.*pg_dump/),
  });
  await writeFile(join(data, "PG_VERSION"), "18\n");
  expect(await keptLetters(await start(stateFolder))).toEqual([{ letter: "a" }]);
});

test("data whose record is lost are refused in words", async () => {
  const stateFolder = await usedFolder();
  const record = join(stateFolder.path, "postgresql", "cluster.json");
  await rename(record, `${record}.away`);
  closers.push(() => rename(`${record}.away`, record));
  await expect(start(stateFolder)).rejects.toMatchObject({
    code: "database.embeddedFailed",
    message: expect.stringContaining("cluster.json, which holds their password, is missing"),
  });
});

test("files that cannot be written are refused with their path and what to do", async () => {
  const stateFolder = await hold(await temporaryFolder());
  await writeFile(join(stateFolder.path, "postgresql"), "in the way");
  await expect(start(stateFolder)).rejects.toMatchObject({
    code: "state.unwritable",
    message: expect.stringMatching(/files in .*postgresql cannot be read and written \(EEXIST.*name another/),
  });

  const second = await hold(await temporaryFolder());
  await mkdir(join(second.path, "postgresql", "data", "PG_VERSION"), { recursive: true });
  await expect(start(second)).rejects.toMatchObject({
    code: "state.unwritable",
    message: expect.stringContaining("EISDIR"),
  });
});

test("a server that does not start says so with the end of its log, and leaves nothing behind", async () => {
  const stateFolder = await copiedFolder();
  const data = join(stateFolder.path, "postgresql", "data");
  await rm(join(data, "global", "pg_control"));
  const runtime = await openRuntimeFolder(stateFolder.path, (await possibleRunAs())[0] ?? expect.fail("no way to run"));

  await expect(start(stateFolder)).rejects.toMatchObject({
    code: "database.embeddedFailed",
    message: expect.stringMatching(/did not start on .*data: it ended with exit code \d+\. The end of .*pg_control/s),
  });
  expect(existsSync(runtime.path)).toBe(false);
});

test("what a first start that was killed had begun is cleared away", async () => {
  const stateFolder = await hold(await temporaryFolder());
  const folder = join(stateFolder.path, "postgresql");
  await mkdir(join(folder, "data.new-0123", "base"), { recursive: true });
  await start(stateFolder);
  expect((await readdir(folder)).sort()).toEqual(["cluster.json", "data", "server.log"]);
});
