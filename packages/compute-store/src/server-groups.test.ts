import { randomUUID } from "node:crypto";
import type { GroupPolicy } from "@kilonova/contracts";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  countServerGroups,
  createServerGroup,
  createServers,
  deleteServerGroup,
  findServerGroup,
  finishOperation,
  groupOfServer,
  hostsOfServerGroup,
  listServerGroups,
  requestOperation,
  takeForConductor,
} from "./index.js";
import { type ComputeDatabase, computeDatabase, createRequest, newServer } from "./testing/index.js";

let store: ComputeDatabase;
beforeAll(async () => {
  store = await computeDatabase();
});
afterAll(() => store.drop());

async function group(policy: GroupPolicy = "affinity", projectId = "project") {
  const made = await createServerGroup(
    store.database,
    { projectId, userId: "user", name: "group", policy, rules: {} },
    -1,
  );
  if (!made.ok) throw new Error(made.refusal);
  return made.value;
}

const create = (groupId: string, servers: number, limit = -1) =>
  createServers(
    store.database,
    createRequest({
      servers: Array.from({ length: servers }, () => newServer()),
      minCount: servers,
      group: { id: groupId, limit },
    }),
  );

test("groups are listed by project, in pages, the oldest first", async () => {
  const projectId = randomUUID();
  const made = [];
  for (let index = 0; index < 3; index++) made.push(await group("anti-affinity", projectId));
  const list = async (limit: number, offset: number) =>
    (await listServerGroups(store.database, { projectId, limit, offset })).map(({ id }) => id);
  expect((await list(10, 0)).sort()).toEqual(made.map(({ id }) => id).sort());
  expect([...(await list(2, 0)), ...(await list(2, 2))]).toEqual(await list(10, 0));
  expect(await countServerGroups(store.database, projectId)).toBe(3);
  await group("affinity", randomUUID());
  expect((await listServerGroups(store.database, { projectId: undefined, limit: 100, offset: 0 })).length).toBe(4);
});

test("of many who ask for the last of the quota at once, only those get it that fit", async () => {
  const wanted = { projectId: randomUUID(), userId: "user", name: "g", policy: "affinity" as const, rules: {} };
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, () => createServerGroup(store.database, { ...wanted }, 2)),
  );
  expect(outcomes.filter(({ ok }) => ok)).toHaveLength(2);
  expect(outcomes.find(({ ok }) => !ok)).toMatchObject({ refusal: "overQuota", details: { limit: 2 } });
});

test("new servers are members from the start, in the order of their making, all or none", async () => {
  const { id } = await group();
  const made = await create(id, 3, 4);
  if (!made.ok) throw new Error(made.refusal);
  const ids = made.value.servers.map((server) => server.id);
  expect((await findServerGroup(store.database, id))?.members).toEqual(ids);
  expect(await groupOfServer(store.database, ids[0] ?? "")).toBe(id);

  const before = await store.database.execute(sql`select count(*) from compute.servers`);
  expect(await create(id, 2, 4)).toMatchObject({ refusal: "groupFull", details: { limit: 4, members: 3 } });
  expect(await create(randomUUID(), 1)).toMatchObject({ refusal: "groupNotFound" });
  expect(await create("not an id", 1)).toMatchObject({ refusal: "groupNotFound" });
  expect((await store.database.execute(sql`select count(*) from compute.servers`)).rows).toEqual(before.rows);
});

test("of many who join a group at once, only as many do as it holds", async () => {
  const { id } = await group();
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => create(id, 1, 2)));
  expect(outcomes.filter(({ ok }) => ok)).toHaveLength(2);
  expect((await findServerGroup(store.database, id))?.members).toHaveLength(2);
});

test("the hosts of a group are those of its members", async () => {
  const { id } = await group();
  const made = await create(id, 3);
  if (!made.ok) throw new Error(made.refusal);
  const [first, second] = made.value.servers;
  await store.database.execute(
    sql`update compute.servers set host = 'a' where id in (${first?.id ?? ""}, ${second?.id ?? ""})`,
  );
  expect(await hostsOfServerGroup(store.database, id)).toEqual(new Map([["a", 2]]));
  expect(await hostsOfServerGroup(store.database, "nothing")).toEqual(new Map());
});

test("a server that is deleted is a member no more; a group that is deleted leaves its servers", async () => {
  const { id } = await group();
  const made = await create(id, 2);
  if (!made.ok) throw new Error(made.refusal);
  const [gone, left] = made.value.servers.map((server) => server.id);
  const asked = await requestOperation(store.database, {
    serverId: gone ?? "",
    action: "delete",
    args: {},
    taskState: "deleting",
    requestId: "req-1",
    projectId: "project",
    userId: "user",
    takeWithin: 5_000,
  });
  if (!asked.ok) throw new Error(asked.refusal);
  const [taken] = await takeForConductor(store.database, { owner: "c", lease: 60_000 }, [asked.value.id]);
  const step = { operationId: asked.value.id, fence: taken?.operation.fence ?? 0, host: null };
  await finishOperation(store.database, step, { changes: { vmState: "deleted" }, fault: null, events: [] });
  expect((await findServerGroup(store.database, id))?.members).toEqual([left]);

  expect(await deleteServerGroup(store.database, id)).toBe(true);
  expect(await deleteServerGroup(store.database, id)).toBe(false);
  expect(await findServerGroup(store.database, id)).toBeUndefined();
  expect(await groupOfServer(store.database, left ?? "")).toBeUndefined();
  const { rows } = await store.database.execute(
    sql`select count(*)::integer as left from compute.servers where id = ${left}`,
  );
  expect(rows).toEqual([{ left: 1 }]);
});
