import { randomUUID } from "node:crypto";
import type { ServerGroupRule } from "@kilonova/contracts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Capacity } from "../contracts/known-host.js";
import { SchedulingCloud } from "../e2e/scheduling-cloud.js";
import { ClaimHistory } from "./claim-history.js";
import { ClaimLoad } from "./claim-load.js";
import { heldAt, heldBy } from "./held-servers.js";
import { PlacementWatcher } from "./placement-watcher.js";

// `npm test` starts a RabbitMQ where this stands: KILONOVA_TEST_AMQP_URL.

/** So many servers are to be placed, and so many are placed at least where the machine is slow or busy. */
const SERVERS = 20_000;
const AT_LEAST = 1_000;
/** Milliseconds after which no more are asked for. */
const TIME_LIMIT = 90_000;
/** Servers placed while a scheduler is killed: when it is, and in all. */
const BEFORE_KILL = 500;
const WITH_KILL = 2_000;

const CLIENTS = 16;
const HOSTS = 40;
/** Twice as much as the load itself may take, and what is started and looked at. */
const TEST_TIME = 300_000;

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
    expect(history.placed).toBeGreaterThan(AT_LEAST);
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
      timeLimit: TEST_TIME / 2,
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
