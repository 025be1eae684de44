import { randomUUID } from "node:crypto";
import type { ServerGroupRule } from "@kilonova/contracts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Capacity } from "../contracts/known-host.js";
import { SchedulingCloud } from "../e2e/scheduling-cloud.js";
import { inLength } from "../test-length.js";
import { ClaimHistory } from "./claim-history.js";
import { ClaimLoad } from "./claim-load.js";
import { heldAt, heldBy } from "./held-servers.js";
import { PlacementWatcher } from "./placement-watcher.js";

// `npm test` starts a RabbitMQ where this stands: KILONOVA_TEST_AMQP_URL.

/** So many servers are to be placed; beside other suites, as many as the time is enough for. */
const SERVERS = 20_000;
const AT_LEAST = inLength({ short: 1_000, whole: SERVERS });
/** Milliseconds after which no more are asked for. */
const TIME_LIMIT = inLength({ short: 90_000, whole: 1_800_000 });
/** Servers placed while a scheduler is killed: when it is, and in all. */
const BEFORE_KILL = 500;
const WITH_KILL = 2_000;

const CLIENTS = 16;
const HOSTS = 40;
/** Milliseconds: more than the load itself may take, and what is looked at afterwards. */
const TEST_TIME = TIME_LIMIT + 210_000;
/** Milliseconds that the load with a kill in it may take. */
const KILL_TIME_LIMIT = 150_000;

const GROUPS = Array.from(
  { length: 12 },
  (_, index): ServerGroupRule => ({ id: randomUUID(), policy: "anti-affinity", maxServerPerHost: 1 + (index % 2) }),
);

describe("four schedulers over RabbitMQ and PostgreSQL, a nearly full cloud, and many who want something of it", () => {
  let cloud: SchedulingCloud;
  const capacities = new Map<string, Capacity>();
  const hosts = new Map<string, string>();

  beforeAll(async () => {
    cloud = await SchedulingCloud.start({ schedulers: 4, placements: 2, others: [] });
    for (let index = 0; index < HOSTS; index++) {
      const capacity = { VCPU: 16 + (index % 4) * 8, MEMORY_MB: 32_768 + (index % 3) * 8_192, DISK_GB: 400 };
      capacities.set(`host${index}`, capacity);
      hosts.set(await cloud.addHost(`host${index}`, capacity), `host${index}`);
    }
  });
  afterAll(() => cloud?.destroy());

  test("never over-commit, break no group's policy, and refuse nobody for whom there is room", {
    timeout: TEST_TIME,
  }, async () => {
    const history = new ClaimHistory(capacities);
    const load = new ClaimLoad(cloud, history, {
      clients: CLIENTS,
      servers: SERVERS,
      timeLimit: TIME_LIMIT,
      patience: 60_000,
      groups: GROUPS,
      nextScheduler: () => cloud.schedulers[Math.floor(Math.random() * cloud.schedulers.length)],
    });
    const watcher = new PlacementWatcher(cloud.database, GROUPS);
    await load.run();
    await watcher.stop();

    expect([...watcher.faults]).toEqual([]);
    expect(load.unanswered).toEqual([]);
    expect(history.wrongRefusals.slice(0, 5)).toEqual([]);
    expect(await heldAt(cloud, hosts)).toEqual(heldBy(history.present));
    // Else nothing was proven: they have to have met, and to have been short of room.
    expect(history.placed).toBeGreaterThanOrEqual(AT_LEAST);
    expect(history.refused).toBeGreaterThan(0);
    expect(watcher.looks).toBeGreaterThan(10);

    await load.clear();
    expect(await heldAt(cloud, hosts)).toEqual([]);
  });

  test("leave nothing half-claimed when one of them is killed, and go on", { timeout: TEST_TIME }, async () => {
    const history = new ClaimHistory(capacities);
    const load = new ClaimLoad(cloud, history, {
      clients: CLIENTS,
      servers: WITH_KILL,
      timeLimit: KILL_TIME_LIMIT,
      patience: 10_000,
      groups: GROUPS,
      nextScheduler: () => undefined,
    });
    const watcher = new PlacementWatcher(cloud.database, GROUPS);
    const running = load.run();
    await load.placed(BEFORE_KILL);
    const [killed = ""] = cloud.schedulers;
    await cloud.process(killed).end("SIGKILL");
    await running;
    await watcher.stop();
    expect([...watcher.faults]).toEqual([]);
    expect(history.placed).toBeGreaterThanOrEqual(WITH_KILL);

    // What the killed one was about is all there or not at all, as a conductor finds it that takes it over.
    const held = new Map((await heldAt(cloud, hosts)).map((each) => [each.serverId, each.host]));
    for (const { question } of load.unanswered) {
      const { serverIds } = question.wish;
      const found = serverIds.flatMap((serverId) => held.get(serverId) ?? []);
      expect([0, serverIds.length]).toContain(found.length);
      if (found.length > 0) history.place(question, found);
      else history.giveUp(question);
    }
    expect(await heldAt(cloud, hosts)).toEqual(heldBy(history.present));
    expect(history.wrongRefusals.slice(0, 5)).toEqual([]);

    await cloud.startScheduler(killed);
    expect((await cloud.scheduler(killed).chain(cloud.context)).scheduler).toBe(killed);
    await load.clear();
    expect(await heldAt(cloud, hosts)).toEqual([]);
  });
});
