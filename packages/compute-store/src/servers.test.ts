import { randomUUID } from "node:crypto";
import type { Vif } from "@kilonova/contracts";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  countServers,
  createServers,
  deleteQuotas,
  findServer,
  knownServers,
  listServers,
  quotaOverrides,
  quotaUsage,
  SERVER_SORT_KEYS,
  type ServerFilter,
  savePowerStates,
  serversOfHost,
  setQuotas,
  updateServerAttributes,
} from "./index.js";
import { type ComputeDatabase, computeDatabase, createRequest, newServer, TINY_FLAVOR } from "./testing/index.js";

let store: ComputeDatabase;
beforeAll(async () => {
  store = await computeDatabase();
});
afterAll(() => store.drop());
beforeEach(async () => {
  await store.database.$client.query("delete from compute.servers");
});

async function create(...names: string[]) {
  const created = await createServers(
    store.database,
    createRequest({ servers: names.map((name) => newServer({ name })) }),
  );
  if (!created.ok) throw new Error("no quota was set");
  return created.value.servers;
}

async function change(id: string, assignment: string, ...values: unknown[]) {
  await store.database.$client.query(`update compute.servers set ${assignment} where id = $1`, [id, ...values]);
}

async function names(filter: ServerFilter) {
  const page = await listServers(store.database, filter, { limit: 100, sort: [{ key: "name", direction: "asc" }] });
  if (!page.ok) throw new Error(page.refusal);
  expect(await countServers(store.database, filter)).toBe(page.value.length);
  return page.value.map(({ name }) => name);
}

describe("a quota", () => {
  const limits = { instances: 10, cores: 20, ram: 640 };

  test("is counted when servers are made, and nothing is made above it", async () => {
    const flavor = { ...TINY_FLAVOR, vcpus: 8 };
    const servers = [newServer({ flavor }), newServer({ flavor }), newServer({ flavor })];
    const refused = await createServers(store.database, createRequest({ servers, minCount: 3, limits }));
    expect(refused).toEqual({
      ok: false,
      refusal: "overQuota",
      details: { resource: "cores", limit: 20, used: 0, requested: 24 },
    });
    expect(await quotaUsage(store.database, "project")).toEqual({ instances: 0, cores: 0, ram: 0 });

    const made = await createServers(store.database, createRequest({ servers, minCount: 1, limits }));
    expect(made).toMatchObject({ ok: true, value: { servers: [{ launchIndex: 0 }, { launchIndex: 1 }] } });
    expect(await quotaUsage(store.database, "project")).toEqual({ instances: 2, cores: 16, ram: 128 });
    expect(await quotaUsage(store.database, "another")).toEqual({ instances: 0, cores: 0, ram: 0 });
  });

  test("holds when many ask at the same time", async () => {
    const asked = await Promise.all(
      Array.from({ length: 15 }, () =>
        createServers(store.database, createRequest({ servers: [newServer()], limits })),
      ),
    );
    expect(asked.filter(({ ok }) => ok)).toHaveLength(10);
  });

  test("of a project can differ from the options", async () => {
    await setQuotas(store.database, "project", { instances: 5, cores: -1 });
    await setQuotas(store.database, "project", { instances: 6 });
    expect(await quotaOverrides(store.database, "project")).toEqual(
      new Map([
        ["instances", 6],
        ["cores", -1],
      ]),
    );
    await deleteQuotas(store.database, "project");
    expect(await quotaOverrides(store.database, "project")).toEqual(new Map());
  });
});

describe("a list", () => {
  test("has the newest first, page by page, each server once", async () => {
    const made = await create(...Array.from({ length: 25 }, (_, index) => `s${index}`));
    const seen: string[] = [];
    for (let marker: string | undefined; ; ) {
      const page = await listServers(
        store.database,
        { projectId: "project" },
        { limit: 10, ...(marker ? { marker } : {}) },
      );
      if (!page.ok) throw new Error(page.refusal);
      seen.push(...page.value.map(({ id }) => id));
      marker = page.value.at(-1)?.id;
      if (page.value.length < 10) break;
    }
    expect(seen).toHaveLength(25);
    expect(new Set(seen)).toEqual(new Set(made.map(({ id }) => id)));
  });

  test("in any order is the same read in pages as at once", async () => {
    const made = await create("b", "a", "c", "a", "b", "c", "a");
    for (const [index, { id }] of made.entries()) {
      await change(
        id,
        "host = $2, launched_at = $3",
        index % 2 ? `h${index % 3}` : null,
        index % 3 ? new Date(index) : null,
      );
    }
    const keys = fc.uniqueArray(fc.constantFrom(...SERVER_SORT_KEYS), { maxLength: 3 });
    const sorts = keys.chain((chosen) =>
      fc.tuple(
        ...chosen.map((key) =>
          fc.record({ key: fc.constant(key), direction: fc.constantFrom("asc" as const, "desc" as const) }),
        ),
      ),
    );
    await fc.assert(
      fc.asyncProperty(sorts, async (sort) => {
        const whole = await listServers(store.database, {}, { limit: 100, sort });
        if (!whole.ok) throw new Error(whole.refusal);
        const expected = whole.value.map(({ id }) => id);
        const paged: string[] = [];
        for (;;) {
          const marker = paged.at(-1);
          const page = await listServers(store.database, {}, { limit: 2, sort, ...(marker ? { marker } : {}) });
          if (!page.ok || page.value.length === 0) break;
          paged.push(...page.value.map(({ id }) => id));
        }
        expect(expected).toHaveLength(7);
        expect(paged).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test("is filtered by what is said, all of it", async () => {
    const [web, db, old] = await create("web-1", "db-1", "web-old");
    if (!web || !db || !old) throw new Error("three were asked for");
    const vif: Vif = {
      portId: randomUUID(),
      networkId: randomUUID(),
      networkName: "net",
      macAddress: "fa:16:3e:00:00:01",
      addresses: [{ address: "10.0.0.7", version: 4, prefix: 24, gateway: null }],
      nameservers: [],
      mtu: 1500,
    };
    await change(
      web.id,
      "vm_state = 'active', task_state = null, host = 'h1', network_info = $2",
      JSON.stringify([vif]),
    );
    await change(
      db.id,
      "vm_state = 'active', task_state = 'rebooting', metadata = $2",
      JSON.stringify({ tier: "data", a: "b" }),
    );
    await change(old.id, "deleted_at = now(), vm_state = 'deleted'");

    expect(await names({})).toEqual(["db-1", "web-1"]);
    expect(await names({ deleted: "only" })).toEqual(["web-old"]);
    expect(await names({ deleted: "yes", name: "^web" })).toEqual(["web-1", "web-old"]);
    expect(await names({ states: [{ vmState: "active", notTaskStates: ["rebooting"] }] })).toEqual(["web-1"]);
    expect(await names({ states: [{ vmState: "active", taskStates: ["rebooting"] }] })).toEqual(["db-1"]);
    expect(await names({ states: [{ vmState: "active", taskStates: [null] }, { vmState: "error" }] })).toEqual([
      "web-1",
    ]);
    expect(await names({ states: [] })).toEqual([]);
    expect(await names({ taskStates: [null] })).toEqual(["web-1"]);
    expect(await names({ host: "h1", flavorId: "1" })).toEqual(["web-1"]);
    expect(await names({ host: "h1", flavorId: "2" })).toEqual([]);
    expect(await names({ metadata: { tier: "data" } })).toEqual(["db-1"]);
    expect(await names({ ipV4: "^10\\.0\\.0\\.7$" })).toEqual(["web-1"]);
    expect(await names({ ipV6: "7" })).toEqual([]);
    expect(await names({ ids: [web.id, "no uuid"] })).toEqual(["web-1"]);
    expect(await names({ projectId: "another" })).toEqual([]);
    expect(await names({ changedSince: "2020-01-01T00:00:00Z" })).toEqual(["db-1", "web-1"]);
    expect(await names({ changedBefore: "2020-01-01T00:00:00Z" })).toEqual([]);
  });

  test("says what is wrong with a marker or a pattern", async () => {
    const [server] = await create("a");
    const page = (filter: ServerFilter, marker: string) => listServers(store.database, filter, { limit: 1, marker });
    expect(await page({}, randomUUID())).toMatchObject({ refusal: "markerNotFound" });
    expect(await page({}, "' or 1=1")).toMatchObject({ refusal: "markerNotFound" });
    expect(await page({ projectId: "another" }, server?.id ?? "")).toMatchObject({ refusal: "markerNotFound" });
    expect(await listServers(store.database, { name: "(" }, { limit: 1 })).toMatchObject({ refusal: "badPattern" });
  });
});

describe("a host", () => {
  test("knows of its own servers alone, and says nothing of others'", async () => {
    const [mine, yours, busy] = await create("mine", "yours", "busy");
    if (!mine || !yours || !busy) throw new Error("three were asked for");
    await change(mine.id, "host = 'h1', task_state = null");
    await change(yours.id, "host = 'h2', task_state = null");
    await change(busy.id, "host = 'h1', task_state = 'powering-on'");
    const ids = [mine.id, yours.id, busy.id, randomUUID(), "junk"];
    const known = await knownServers(store.database, "h1", ids);
    expect(known.here.sort()).toEqual([mine.id, busy.id].sort());
    expect(known.gone).toEqual([yours.id]);
    expect((await serversOfHost(store.database, "h2")).map(({ name }) => name)).toEqual(["yours"]);

    const said = ids.map((serverId) => ({ serverId, vmState: "stopped" as const, powerState: "shutdown" as const }));
    await savePowerStates(store.database, "h1", said);
    expect(await findServer(store.database, mine.id)).toMatchObject({ vmState: "stopped", powerState: "shutdown" });
    expect(await findServer(store.database, yours.id)).toMatchObject({ vmState: "building" });
    expect(await findServer(store.database, busy.id)).toMatchObject({ vmState: "building" });
  });
});

test("what a user may change of a server is changed, and any text may be asked for", async () => {
  const [server] = await create("before");
  const id = server?.id ?? "";
  expect(
    await updateServerAttributes(store.database, id, { name: "after", locked: true, metadata: { a: "b" } }),
  ).toMatchObject({
    name: "after",
    locked: true,
    metadata: { a: "b" },
  });
  expect(await updateServerAttributes(store.database, "x", { name: "y" })).toBeUndefined();
  expect(await findServer(store.database, "x")).toBeUndefined();
});
