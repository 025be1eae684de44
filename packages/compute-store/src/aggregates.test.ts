import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  addHostToAggregate,
  createAggregate,
  createServers,
  deleteAggregate,
  findAggregate,
  listHostAggregates,
  removeHostFromAggregate,
  updateAggregate,
  zonesOfHosts,
} from "./index.js";
import { type ComputeDatabase, computeDatabase, createRequest } from "./testing/index.js";

let store: ComputeDatabase;
beforeAll(async () => {
  store = await computeDatabase();
});
afterAll(() => store.drop());
beforeEach(async () => {
  await store.database.execute(sql`truncate compute.aggregates, compute.servers cascade`);
});

async function aggregate(name: string, zone?: string): Promise<number> {
  const made = await createAggregate(store.database, { name, metadata: zone ? { availability_zone: zone } : {} });
  if (!made.ok) throw new Error(made.refusal);
  return made.value.id;
}

const add = (id: number, host: string) => addHostToAggregate(store.database, id, host, "nova");
const remove = (id: number, host: string) => removeHostFromAggregate(store.database, id, host, "nova");
const update = (id: number, changes: Parameters<typeof updateAggregate>[2]) =>
  updateAggregate(store.database, id, changes);

/** A server on that host. */
async function hosted(host: string): Promise<void> {
  const made = await createServers(store.database, createRequest());
  if (!made.ok) throw new Error(made.refusal);
  await store.database.execute(sql`update compute.servers set host = ${host} where id = ${made.value.servers[0]?.id}`);
}

test("an aggregate is listed with its hosts and its metadata, by number", async () => {
  const fast = await aggregate("fast");
  const zone = await aggregate("zone", "az1");
  await add(fast, "b");
  await add(fast, "a");
  await update(fast, { metadata: { ssd: "true", cpu: "new" } });
  expect(await update(fast, { name: "faster", metadata: { cpu: null } })).toMatchObject({ ok: true });
  expect(await listHostAggregates(store.database)).toMatchObject([
    { id: fast, name: "faster", hosts: ["a", "b"], metadata: { ssd: "true" }, updatedAt: expect.any(String) },
    { id: zone, name: "zone", hosts: [], metadata: { availability_zone: "az1" }, updatedAt: null },
  ]);
  expect(await findAggregate(store.database, 0)).toBeUndefined();
});

test("a name is given once", async () => {
  const one = await aggregate("one");
  await aggregate("two");
  expect(await createAggregate(store.database, { name: "one", metadata: {} })).toMatchObject({ refusal: "nameTaken" });
  expect(await update(one, { name: "two" })).toMatchObject({ refusal: "nameTaken" });
  expect(await update(one, { name: "one" })).toMatchObject({ ok: true });
});

test("only an empty aggregate is deleted, and once", async () => {
  const id = await aggregate("one");
  await add(id, "a");
  expect(await deleteAggregate(store.database, id)).toMatchObject({ refusal: "hasHosts" });
  await remove(id, "a");
  expect(await deleteAggregate(store.database, id)).toMatchObject({ ok: true });
  expect(await deleteAggregate(store.database, id)).toMatchObject({ refusal: "notFound" });
});

test("a host is in one zone, and in any number of other aggregates", async () => {
  const [one, same, other, plain] = [
    await aggregate("one", "az1"),
    await aggregate("same", "az1"),
    await aggregate("other", "az2"),
    await aggregate("plain"),
  ];
  expect(await add(one, "a")).toMatchObject({ ok: true, value: { hosts: ["a"] } });
  expect(await add(one, "a")).toMatchObject({ refusal: "hostIsThere" });
  expect(await add(same, "a")).toMatchObject({ ok: true });
  expect(await add(plain, "a")).toMatchObject({ ok: true });
  expect(await add(other, "a")).toMatchObject({ refusal: "otherZones", details: { zones: ["az1"] } });
  expect(await update(plain, { metadata: { availability_zone: "az2" } })).toMatchObject({ refusal: "otherZones" });
  expect(await update(one, { metadata: { availability_zone: "az2" } })).toMatchObject({ refusal: "otherZones" });
  expect(await remove(other, "a")).toMatchObject({ refusal: "hostIsNotThere" });
  expect(await zonesOfHosts(store.database)).toEqual(new Map([["a", "az1"]]));
  expect(await zonesOfHosts(store.database, ["b"])).toEqual(new Map());
  expect(await zonesOfHosts(store.database, [])).toEqual(new Map());
});

test("of many zones that want a host at once, one gets it", async () => {
  const ids = await Promise.all(Array.from({ length: 6 }, (_, index) => aggregate(`zone-${index}`, `az${index}`)));
  const plain = await aggregate("plain");
  await add(plain, "a");
  const outcomes = await Promise.all([
    ...ids.map((id) => add(id, "a")),
    update(plain, { metadata: { availability_zone: "az9" } }),
  ]);
  expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
  expect((await zonesOfHosts(store.database)).size).toBe(1);
});

test("no server changes its zone", async () => {
  const [one, same, plain] = [await aggregate("one", "az1"), await aggregate("same", "az1"), await aggregate("plain")];
  await hosted("outside");
  await add(one, "inside");
  await hosted("inside");

  const moved = { refusal: "serversMove", details: { servers: 1, from: "nova", to: "az1" } };
  expect(await add(one, "outside")).toMatchObject(moved);
  expect(await add(plain, "outside")).toMatchObject({ ok: true });
  expect(await remove(one, "inside")).toMatchObject({ refusal: "serversMove", details: { from: "az1", to: "nova" } });
  expect(await update(one, { metadata: { availability_zone: "az3" } })).toMatchObject({ refusal: "hostsHaveServers" });
  expect(await update(one, { metadata: { availability_zone: "az1", a: "b" } })).toMatchObject({ ok: true });
  expect(await update(one, { name: "kept", metadata: { availability_zone: null } })).toMatchObject({
    refusal: "noZone",
  });
  expect(await findAggregate(store.database, one)).toMatchObject({ name: "one" });

  // Still in its zone by the other aggregate.
  expect(await add(same, "inside")).toMatchObject({ ok: true });
  expect(await remove(one, "inside")).toMatchObject({ ok: true });
  await store.database.execute(sql`update compute.servers set deleted_at = now()`);
  expect(await remove(same, "inside")).toMatchObject({ ok: true });
  const named = await aggregate("named like the default", "nova");
  await hosted("plain");
  expect(await add(named, "plain")).toMatchObject({ ok: true });
});
