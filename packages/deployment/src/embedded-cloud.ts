import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type ClientTls, type Configuration, ConfigurationError } from "@kilonova/config";
import { Runtime, StartInterruption, untilStopped, workersWanted } from "@kilonova/core";
import { frameworkMigrations, Migrator } from "@kilonova/database";
import { EmbeddedPostgres, StateFolder } from "@kilonova/database/embedded";
import { tinyImage } from "@kilonova/virt-qemu";
import { canAccess } from "./can-access.js";
import { DatabaseAccess } from "./database-access.js";
import { type ConfigurationSource, embeddedConfiguration, writtenConfiguration } from "./embedded-configuration.js";
import { bootFirstGuest, GREETING } from "./first-guest.js";
import { freePort } from "./free-port.js";
import { countRunningGuests } from "./guests.js";
import { httpOptions } from "./options.js";
import { OWNERS } from "./owners.js";
import { RunningServices } from "./running-services.js";
import { ownTrust, servedTls } from "./served-tls.js";
import { loadSecrets, type Secrets, writeClouds } from "./state-files.js";

/** The services of a whole cloud, in an order in which each finds those it needs. */
const SERVICES = ["conductor", "identity", "placement", "image", "network", "scheduler", "compute", "api"] as const;
const DATABASE = "kilonova";
const FIRST_GUEST_FILE = "first-guest";

/** How a cloud in one process is started. */
export interface EmbeddedCloudSettings extends ConfigurationSource {
  /** Where everything is kept; relative to the working folder. */
  readonly stateDirectory: string;
  /** On the first start, seed flavors and an image and boot the server `hello`. */
  readonly firstGuest: boolean;
  readonly onProgress?: (message: string) => void;
}

/** A cloud that runs in this process. */
export interface EmbeddedCloud {
  readonly endpoint: string;
  readonly cloudsFile: string;
  /** What the first guest wrote on its console, where one was booted by this start. */
  readonly greeting: string | undefined;
  /** Resolves when it has been told to stop and has; answers how many guests go on running. */
  wait(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * `kilonova up`: a whole cloud in this process, with a PostgreSQL of its own. What an earlier life left is found again:
 * data, guests, a PostgreSQL that outlived a kill.
 *
 * @throws ConfigurationError; KilonovaError `state.*`, `listen.failed`, `database.*` with the path or address and what
 *   to do
 */
export async function startEmbeddedCloud(settings: EmbeddedCloudSettings): Promise<EmbeddedCloud> {
  const { onProgress = () => {} } = settings;
  const undo = new Undo();
  const interruption = new StartInterruption();
  try {
    // A wrong option is said before anything is made, a port that is taken before anything is started.
    const written = await interruption.race(writtenConfiguration(settings, onProgress));
    checkOneProcess(written.configuration);
    servedTls(written.configuration).tls?.();
    const trust = ownTrust(written.configuration);
    const folder = await StateFolder.hold(resolve(settings.stateDirectory));
    undo.add(() => folder.release());
    const { host, port: wantedPort } = written.configuration.get(httpOptions);
    const port = await freePort(host, wantedPort);
    const secrets = await loadSecrets(
      folder.path,
      OWNERS.map(({ owner }) => owner),
    );
    const postgres = await EmbeddedPostgres.start({ stateFolder: folder, onProgress });
    undo.add(() => postgres.stop());
    interruption.check();
    await postgres.ensureDatabase(DATABASE);
    const url = postgres.url(DATABASE);
    await new Migrator(url, [frameworkMigrations, ...OWNERS]).migrate({
      rolePasswords: secrets.database,
      onMigration: (owner, id) => onProgress(`schema ${owner}: ${id}`),
    });
    onProgress(postgres.adopted ? "the PostgreSQL of an earlier process was taken over" : "PostgreSQL is up");

    const embedding = embeddedConfiguration(folder.path, settings, written, {
      port,
      database: { url, rolePasswords: secrets.database, poolSize: 8 },
      passwords: { adminPassword: secrets.adminPassword, userPassword: secrets.userPassword },
    });
    const { configuration, beginning, notice } = await interruption.raceFor(embedding, (late) =>
      late.beginning.loopWatch.stop(),
    );
    undo.add(() => beginning.loopWatch.stop());
    if (notice) onProgress(notice);
    interruption.check();
    const opening = DatabaseAccess.open(configuration, OWNERS);
    const database = await interruption.raceFor(opening, (late) => late.close());
    undo.add(() => database.close());
    const state = async () => database.frameworkState();
    const making = Runtime.create({ configuration, beginning, state });
    const runtime = await interruption.raceFor(making, (late) => late.close());
    undo.add(() => runtime.close());
    database.register(runtime);
    const services = await RunningServices.start(runtime, SERVICES, interruption, onProgress);
    let guests = 0;
    undo.add(async () => {
      guests = await countRunningGuests(runtime);
    });
    undo.add(() => services.stop());
    interruption.check();

    const endpoint = services.endpoint ?? "";
    const cloudsFile = await writeClouds(folder.path, {
      authUrl: `${endpoint}/identity/v3`,
      region: "RegionOne",
      caFile: written.configuration.get(httpOptions).sslCaFile,
      secrets,
    });
    const greeting = settings.firstGuest
      ? await interruption.race(firstGuest(folder.path, { endpoint, tls: trust }, secrets, onProgress))
      : undefined;
    interruption.check();
    runtime.started();
    const running = untilStopped(runtime.logger, { stop: () => undo.all(), reload: () => services.reset() });
    interruption.end();
    const wait = async () => {
      await running.wait();
      return guests;
    };
    return { endpoint, cloudsFile, greeting, stop: running.stop, wait };
  } catch (error) {
    await undo.all();
    interruption.end();
    throw error;
  }
}

function checkOneProcess(configuration: Configuration): void {
  if (workersWanted(configuration) === 0) return;
  const expected = "1 for a cloud in one process";
  throw new ConfigurationError(configuration.program, [
    { option: "service.workers", place: "kilonova up", expected, received: "more" },
  ]);
}

/** Boots `hello` unless an earlier start did. */
async function firstGuest(
  state: string,
  { endpoint, tls }: { readonly endpoint: string; readonly tls: ClientTls | undefined },
  secrets: Secrets,
  onProgress: (message: string) => void,
): Promise<string | undefined> {
  const mark = join(state, FIRST_GUEST_FILE);
  if (await canAccess(mark)) return undefined;
  const login = (name: string, password: string) => ({
    identityUrl: `${endpoint}/identity/v3`,
    userName: name,
    projectName: name,
    password,
    tls,
  });
  const guest = await bootFirstGuest({
    admin: login("admin", secrets.adminPassword),
    user: login("kilonova", secrets.userPassword),
    image: new Uint8Array(tinyImage({ greeting: GREETING })),
    onProgress,
  });
  await writeFile(mark, "The first guest was booted; remove this file to have it booted again.\n", { mode: 0o600 });
  return guest.console;
}

/** What has to be undone, the last first. Each is done once, and none keeps the others from it. */
class Undo {
  readonly #steps: (() => Promise<void>)[] = [];

  add(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  async all(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}
