import { randomBytes } from "node:crypto";
import { chown, lchown, lstat, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import { z } from "zod";
import type { Binaries } from "./binaries.js";
import type { Programs } from "./programs.js";
import type { RunAs } from "./run-as.js";
import { type Durability, PG_HBA_CONF, postgresqlConf } from "./settings.js";

const RECORD = "cluster.json";
/** Each draft has a name of its own: an `initdb` that outlived its parent may still write into the last one. */
const DRAFT = "data.new-";
const recordSchema = z.object({
  postgresqlMajor: z.number().int(),
  superuser: z.string().min(1),
  superuserPassword: z.string().min(1),
});

/** What is remembered of the data beside them, mode 0600. */
export type ClusterRecord = z.infer<typeof recordSchema>;

/**
 * The data of one server: `data`, and the record `cluster.json` beside it. Data appear whole or not at all; while they
 * are made they are called `data.new-…`.
 */
export class Cluster {
  private constructor(
    readonly dataFolder: string,
    readonly record: ClusterRecord,
  ) {}

  /**
   * The data that an earlier start made, or undefined before the first.
   * @throws KilonovaError `database.versionMismatch`, or `database.embeddedFailed` for data without a record.
   */
  static async find(folder: string, binaries: Binaries): Promise<Cluster | undefined> {
    const dataFolder = join(folder, "data");
    const version = await readFile(join(dataFolder, "PG_VERSION"), "utf8").catch(ignoreMissing);
    if (version === undefined) return undefined;
    const record = await readRecord(folder);
    const ofData = Number(version.trim());
    if (ofData !== binaries.major || record.postgresqlMajor !== binaries.major) {
      throw versionMismatch(dataFolder, ofData === binaries.major ? record.postgresqlMajor : ofData, binaries.major);
    }
    return new Cluster(dataFolder, record);
  }

  /** Makes the data of a new server, with a superuser whose password is generated here. */
  static async make(folder: string, programs: Programs, { fsync }: Durability): Promise<Cluster> {
    const dataFolder = join(folder, "data");
    const draft = join(folder, `${DRAFT}${randomBytes(4).toString("hex")}`);
    const record: ClusterRecord = {
      postgresqlMajor: programs.binaries.major,
      superuser: "postgres",
      superuserPassword: randomBytes(24).toString("base64url"),
    };
    for (const name of await readdir(folder)) {
      if (name.startsWith(DRAFT)) await rm(join(folder, name), { recursive: true, force: true });
    }
    await mkdir(draft, { mode: 0o700 });
    await chown(draft, programs.runAs.uid, programs.runAs.gid);
    await initialise(draft, record, programs, fsync);
    await writeFile(join(folder, RECORD), `${JSON.stringify(record, undefined, 2)}\n`, {
      mode: 0o600,
      flush: true,
    });
    await rename(draft, dataFolder);
    return new Cluster(dataFolder, record);
  }

  /** Writes the settings of this start, and gives the data to whom the server runs as. */
  async configure(programs: Programs, durability: Durability): Promise<void> {
    const { runAs, runtimeFolder } = programs;
    await this.writeFile("postgresql.conf", postgresqlConf(runtimeFolder.socketFolder, durability));
    await this.writeFile("pg_hba.conf", PG_HBA_CONF);
    if ((await lstat(this.dataFolder)).uid !== runAs.uid) await giveTo(this.dataFolder, runAs);
  }

  /** Puts a file into the data folder, whole or not at all, owned as the folder is. */
  async writeFile(name: string, text: string): Promise<void> {
    const path = join(this.dataFolder, name);
    const { uid, gid } = await lstat(this.dataFolder);
    await rm(`${path}.new`, { force: true });
    // Root may write here into a folder of another uid: never through a link that lies there.
    const file = await open(`${path}.new`, "wx", 0o600);
    try {
      await file.writeFile(text);
      if (uid !== process.getuid?.()) await file.chown(uid, gid);
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  }
}

async function initialise(draft: string, record: ClusterRecord, programs: Programs, fsync: boolean): Promise<void> {
  const passwordFile = join(programs.runtimeFolder.socketFolder, "password");
  await writeFile(passwordFile, `${record.superuserPassword}\n`, { mode: 0o600 });
  try {
    await chown(passwordFile, programs.runAs.uid, programs.runAs.gid);
    const args = [
      `--pgdata=${programs.runAs.dataArgument(draft)}`,
      `--username=${record.superuser}`,
      `--pwfile=${passwordFile}`,
      "--auth-local=scram-sha-256",
      "--auth-host=reject",
      "--encoding=UTF8",
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--no-instructions",
      ...(fsync ? [] : ["--no-sync"]),
    ];
    await programs.run("initdb", args, draft);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw new KilonovaError(
      "database.embeddedFailed",
      `PostgreSQL's data could not be made in ${draft}: ${messageOf(error).trim()}`,
      { details: { path: draft }, cause: error },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function readRecord(folder: string): Promise<ClusterRecord> {
  const path = join(folder, RECORD);
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new KilonovaError(
      "database.embeddedFailed",
      `There are PostgreSQL data in ${folder}, but ${path}, which holds their password, is missing or damaged: bring it back from a backup, or move ${folder} away to begin anew.`,
      { details: { path }, cause },
    );
  }
}

function versionMismatch(dataFolder: string, ofData: number, ours: number): KilonovaError {
  return new KilonovaError(
    "database.versionMismatch",
    `The data in ${dataFolder} were written by PostgreSQL ${ofData}, this release brings PostgreSQL ${ours}: run the release that wrote them and carry them over with pg_dump, or name another state folder.`,
    { details: { path: dataFolder, data: ofData, binaries: ours } },
  );
}

async function giveTo(path: string, { uid, gid }: RunAs): Promise<void> {
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    await lchown(join(entry.parentPath, entry.name), uid, gid);
  }
  await lchown(path, uid, gid);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}
