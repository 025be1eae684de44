import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { EmbeddedPostgres, StateFolder } from "@kilonova/database/embedded";
import { GuestHistory } from "@kilonova/virt-fake";
import { afterEach, describe, expect, it } from "vitest";
import { EmbeddedCloud } from "../e2e/embedded-cloud.js";
import { login, makeServers, seed, untilIdle } from "../e2e/many-servers.js";
import { expectNothingLost, settled } from "./aftermath.js";

const SERVERS = 8;
const OPTIONS = [
  "--fake.spawnDelay",
  "300ms",
  "--conductor.operationLease",
  "15s",
  "--quota.instances",
  "-1",
  "--quota.cores",
  "-1",
];

describe("kill -9 of an embedded cloud while servers are being built", () => {
  let cloud: EmbeddedCloud;

  afterEach(() => cloud?.destroy());

  it.each([
    ["Node alone", killNode],
    ["Node and its PostgreSQL", killNodeAndPostgres],
  ])("%s: starting again finishes what was begun", { timeout: 300_000 }, async (_, kill) => {
    cloud = await EmbeddedCloud.start("fake", OPTIONS);
    const refs = await seed(await login(cloud.cloudsFile, "kilonova-admin"));
    const user = await login(cloud.cloudsFile, "kilonova");
    const history = new GuestHistory(join(cloud.stateFolder, "fake-guests"));
    const ids = await makeServers(user, refs, SERVERS);
    await expect
      .poll(async () => (await Promise.all(ids.map((id) => history.read(id)))).flat().length, { interval: 10 })
      .toBeGreaterThan(0);
    await kill(cloud);
    await cloud.startAgain();
    await untilIdle(await login(cloud.cloudsFile, "kilonova"), ids);
    await cloud.process.end("SIGTERM");
    await withDatabase(cloud, async (url) => expectNothingLost(await settled(url), ids, history));
  });
});

async function killNode(cloud: EmbeddedCloud): Promise<void> {
  await cloud.process.end("SIGKILL");
}

async function killNodeAndPostgres(cloud: EmbeddedCloud): Promise<void> {
  const pidFile = await readFile(join(cloud.stateFolder, "postgresql", "data", "postmaster.pid"), "utf8");
  process.kill(Number(pidFile.split("\n")[0]), "SIGKILL");
  await cloud.process.end("SIGKILL");
}

/** The database of a cloud that does not run. */
async function withDatabase(cloud: EmbeddedCloud, use: (url: string) => Promise<void>): Promise<void> {
  const folder = await StateFolder.hold(cloud.stateFolder);
  const postgres = await EmbeddedPostgres.start({ stateFolder: folder });
  try {
    await use(postgres.url("kilonova"));
  } finally {
    await postgres.stop();
    await folder.release();
  }
}
