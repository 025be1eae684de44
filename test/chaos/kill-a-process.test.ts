import { join } from "node:path";
import type { RestClient } from "@kilonova/deployment";
import { GuestHistory } from "@kilonova/virt-fake";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROCESS_NAMES, SeparateProcesses } from "../e2e/separate-processes.js";
import { count, expectNothingLost, settled } from "./aftermath.js";
import { login, makeServers, seed } from "./many-servers.js";

const SERVERS = 8;
/** Short leases, so that what a killed process held is soon taken over. Builds take long enough to be killed in. */
const OPTIONS = [
  "--fake.spawnDelay",
  "300ms",
  "--conductor.operationLease",
  "15s",
  "--conductor.stepTimeout",
  "10s",
  "--service.reportInterval",
  "1s",
  "--service.downTime",
  "5s",
  "--quota.instances",
  "-1",
  "--quota.cores",
  "-1",
];

describe("kill -9 of one process while servers are being built", () => {
  let cloud: SeparateProcesses;
  let user: RestClient;
  let refs: object;

  beforeAll(async () => {
    cloud = await SeparateProcesses.start("fake", OPTIONS);
    refs = await seed(await login(cloud.cloudsFile, "kilonova-admin"));
    user = await login(cloud.cloudsFile, "kilonova");
  });
  afterAll(() => cloud?.destroy());

  it.each(PROCESS_NAMES)(
    "%s: every server is active or in error with a reason, and nothing is left behind",
    { timeout: 180_000 },
    async (name) => {
      const ids = await makeServers(user, refs, SERVERS);
      await expect.poll(() => count(cloud.databaseUrl, BUILDING), { timeout: 30_000, interval: 20 }).toBeGreaterThan(0);
      await cloud.process(name).end("SIGKILL");
      await cloud.startProcess(name);
      await expectNothingLost(
        await settled(cloud.databaseUrl),
        ids,
        new GuestHistory(join(cloud.folder, "fake-guests")),
      );
    },
  );
});

/** Servers that a compute works on. */
const BUILDING = "SELECT count(*) AS n FROM compute.operations WHERE stage = 'compute' AND state = 'running'";
