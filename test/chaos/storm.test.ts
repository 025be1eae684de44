import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Runtime } from "@kilonova/core";
import { startThrowAwayPostgres, type ThrowAwayPostgres } from "@kilonova/database/testing";
import type { RestClient } from "@kilonova/deployment";
import { isKilonovaError, RequestContext } from "@kilonova/messaging";
import { GuestHistory } from "@kilonova/virt-fake";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { login, makeServers, seed } from "../e2e/many-servers.js";
import { runtimeOfTest } from "../e2e/runtime-of-test.js";
import { PROCESS_NAMES, SeparateProcesses } from "../e2e/separate-processes.js";
import { type RabbitMqServer, startRabbitMq } from "../servers/rabbitmq.mjs";
import { inLength } from "../test-length.js";
import { connected, count, expectNothingLost, settled } from "./aftermath.js";
import { Ledger } from "./ledger.js";
import { ledgerContract } from "./ledger-contract.js";
import { inRounds } from "./rounds.js";
import { SHORT_LEASES } from "./short-leases.js";

const CASTS = inLength({ short: 1_000, whole: 10_000 });
const CALLS = inLength({ short: 200, whole: 2_000 });
const SERVERS = inLength({ short: 40, whole: 500 });
const TEST_TIME = inLength({ short: 400_000, whole: 1_800_000 });
/** Milliseconds that operations have after the last strike. */
const SETTLE_TIME = inLength({ short: 120_000, whole: 600_000 });
const LEDGERS = ["ledger1", "ledger2", "ledger3"] as const;
/** Milliseconds that a user goes on asking for what cannot be had just now, and between two tries. */
const PATIENCE = 120_000;
const PAUSE = 200;

/** What a call may fail with while its peers, or the broker, are away. */
const CLEAR_FAILURES = [
  "rpc.noListener",
  "rpc.deadlineExceeded",
  "rpc.peerLost",
  "transport.unreachable",
  "database.unreachable",
  "database.failed",
] as const;

describe("a storm over RabbitMQ and PostgreSQL: every process is killed with -9, the broker and the database too", () => {
  let broker: RabbitMqServer;
  let postgres: ThrowAwayPostgres;
  let cloud: SeparateProcesses;
  let ledger: Ledger;
  let runtime: Runtime;
  let user: RestClient;
  let refs: object;

  beforeAll(async () => {
    broker = await startRabbitMq();
    const starting = startThrowAwayPostgres({ fsync: true });
    cloud = await SeparateProcesses.prepare("fake", SHORT_LEASES, { postgres: starting, brokerUrl: broker.url });
    postgres = await starting;
    // What a process had that was killed is free a moment after the next one wants it.
    await connected(postgres.url, (client) => client.query("ALTER SYSTEM SET max_connections = 300"));
    await postgres.crash();
    await cloud.migrate();
    for (const name of PROCESS_NAMES) await cloud.startProcess(name);
    ledger = await Ledger.make({ databaseUrl: cloud.databaseUrl, brokerUrl: broker.url });
    await Promise.all(LEDGERS.map((name) => ledger.start(name)));
    runtime = await runtimeOfTest({ url: broker.url, sendTimeout: "120s" });
    refs = await seed(await login(cloud.cloudsFile, "kilonova-admin"));
    user = await login(cloud.cloudsFile, "kilonova");
  });
  afterAll(async () => {
    await runtime?.close();
    await ledger?.destroy();
    await cloud?.destroy();
    await broker?.stop();
  });

  it("does every cast once, answers every call or says why not, and leaves every server active or in error", {
    timeout: TEST_TIME,
  }, async () => {
    const client = runtime.rpc.client(ledgerContract);
    const context = RequestContext.admin();
    const failures: unknown[] = [];
    const accepted: number[] = [];
    const serverIds: string[] = [];
    let answered = 0;

    const casts = {
      howMany: CASTS,
      atOnce: 32,
      ask: async (entry: number) => {
        await client.cast.enter(context, { entry });
        accepted.push(entry);
      },
    };
    const calls = {
      howMany: CALLS,
      atOnce: 8,
      ask: async (index: number) => {
        const sum = await client.call.add(context, { a: index, b: 1 }).catch((error: unknown) => {
          failures.push(error);
          return undefined;
        });
        if (sum === undefined) return;
        expect(sum).toBe(index + 1);
        answered++;
      },
    };
    const servers = {
      howMany: SERVERS,
      atOnce: 8,
      ask: async () => void serverIds.push(...(await insistOnServer(user, refs))),
    };
    const killed = (name: (typeof PROCESS_NAMES)[number]) => async () => {
      await cloud.process(name).end("SIGKILL");
      await cloud.startProcess(name);
    };
    const strikes = [
      () => ledger.kill("ledger1"),
      ...PROCESS_NAMES.slice(0, 3).map(killed),
      async () => {
        await broker.kill();
        await broker.start();
      },
      () => ledger.kill("ledger2"),
      ...PROCESS_NAMES.slice(3).map(killed),
      () => postgres.crash(),
      () => ledger.kill("ledger3"),
    ];
    const onlyThose = strikes.map((strike) => async () => {
      await strike();
      expect(cloud.fallen, "processes that died of what befell others").toEqual([]);
    });
    await inRounds([casts, calls, servers], onlyThose);
    expect(cloud.fallen).toEqual([]);

    // Every cast that the broker took had its effect, once.
    expect(accepted).toHaveLength(CASTS);
    await expect.poll(() => ledger.entries(), { timeout: SETTLE_TIME, interval: 250 }).toBe(CASTS);
    expect(await ledger.doubles()).toEqual([]);
    // Every call was answered, or failed for a reason that one can act on.
    expect(answered + failures.length).toBe(CALLS);
    expect(failures.filter((error) => !CLEAR_FAILURES.some((code) => isKilonovaError(error, code)))).toEqual([]);
    expect(answered).toBeGreaterThan(CALLS / 2);
    // Every server of the database, those included whose answer was lost, is active or in error for a reason.
    const aftermath = await settled(cloud.databaseUrl, SETTLE_TIME);
    const all = [...aftermath.servers.keys()];
    expect(all).toEqual(expect.arrayContaining(serverIds));
    await expectNothingLost(aftermath, all, new GuestHistory(join(cloud.folder, "fake-guests")));
    expect([...aftermath.servers.values()].filter(({ vmState }) => vmState === "active").length).toBeGreaterThan(
      SERVERS / 2,
    );
    // Nobody holds anything of a server's any more.
    await expect.poll(() => count(cloud.databaseUrl, HELD), { timeout: SETTLE_TIME, interval: 250 }).toBe(0);
  });
});

/** Locks of servers that are held, and transactions that nobody ends. Leases of periodic tasks are no server's. */
const HELD = `
  SELECT (SELECT count(*) FROM framework.locks WHERE lease_until > now() AND name NOT LIKE 'periodic task %')
       + (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')
       + (SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%') AS n`;

/** Asks again as a user does who is told that the cloud cannot be reached just now. */
async function insistOnServer(user: RestClient, refs: object): Promise<readonly string[]> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    try {
      return await makeServers(user, refs, 1);
    } catch (error) {
      if (performance.now() > end) throw error;
      await pause(PAUSE);
    }
  }
}
