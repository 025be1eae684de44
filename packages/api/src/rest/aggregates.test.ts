import { DatabaseServiceRecords } from "@kilonova/database";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HOST } from "../testing/fake-peers.js";
import { at, LiveApi } from "../testing/live-api.js";

const as = "admin" as const;
const OTHER_HOST = "host-2";
let api: LiveApi;

beforeAll(async () => {
  api = await LiveApi.start({ instances: -1, cores: -1, ram: -1 });
  await new DatabaseServiceRecords(api.database).register({
    binary: "kilonova-compute",
    topic: "compute",
    host: OTHER_HOST,
    contracts: {},
  });
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.database.execute(sql`truncate compute.aggregates, compute.servers cascade`);
});

async function aggregate(name: string, zone?: string): Promise<number> {
  const asked = { name, ...(zone === undefined ? {} : { availability_zone: zone }) };
  const made = await api.post("/os-aggregates", { aggregate: asked }, { as });
  expect(made.status).toBe(200);
  return Number(at(made, "aggregate", "id"));
}

const act = (id: number | string, action: object, version = "2.1") =>
  api.post(`/os-aggregates/${id}/action`, action, { as, version });
const add = (id: number | string, host = HOST) => act(id, { add_host: { host } });
const remove = (id: number | string, host = HOST) => act(id, { remove_host: { host } });
const set = (id: number | string, metadata: object) => act(id, { set_metadata: { metadata } });
const message = (answer: { body: unknown }) =>
  Object.values(answer.body as Record<string, { message: string }>)[0]?.message;

test("an aggregate is made without hosts, and then shown with them, its uuid from 2.41 on", async () => {
  const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
  const asked = { aggregate: { name: "fast", availability_zone: "az1" } };
  const made = await api.post("/os-aggregates", asked, { as });
  const id = at(made, "aggregate", "id");
  const brief = {
    id: expect.any(Number),
    name: "fast",
    availability_zone: "az1",
    created_at: instant,
    updated_at: null,
    deleted: false,
    deleted_at: null,
  };
  expect(made.body).toEqual({ aggregate: brief });
  await add(Number(id));
  const full = { ...brief, hosts: [HOST], metadata: { availability_zone: "az1" } };
  for (const minor of [1, 40, 41, 96]) {
    const version = `2.${minor}`;
    const uuid = minor >= 41 ? { uuid: expect.stringMatching(/^[0-9a-f-]{36}$/) } : {};
    const shown = await api.get(`/os-aggregates/${id}`, { as, version });
    expect([minor, shown.body]).toEqual([minor, { aggregate: { ...full, ...uuid } }]);
    const listed = await api.get("/os-aggregates", { as, version });
    expect([minor, listed.body]).toEqual([minor, { aggregates: [{ ...full, ...uuid }] }]);
  }
  const newer = await api.post("/os-aggregates", { aggregate: { name: "new" } }, { as, version: "2.41" });
  expect(newer.body).toMatchObject({ aggregate: { availability_zone: null, uuid: expect.any(String) } });
});

test("name, zone and metadata change", async () => {
  const id = await aggregate("fast");
  const renamed = await api.put(
    `/os-aggregates/${id}`,
    { aggregate: { name: " faster ", availability_zone: "az1" } },
    { as },
  );
  expect(renamed.body).toMatchObject({
    aggregate: {
      name: "faster",
      availability_zone: "az1",
      metadata: { availability_zone: "az1" },
      updated_at: expect.any(String),
    },
  });
  expect(at(await set(id, { ssd: "true", old: "yes" }), "aggregate", "metadata")).toEqual({
    availability_zone: "az1",
    ssd: "true",
    old: "yes",
  });
  expect(at(await set(id, { old: null }), "aggregate", "metadata")).toEqual({ availability_zone: "az1", ssd: "true" });
});

test("hosts come and go; an aggregate that has some is not deleted", async () => {
  const id = await aggregate("fast");
  expect(at(await add(id), "aggregate", "hosts")).toEqual([HOST]);
  const full = await api.delete(`/os-aggregates/${id}`, { as });
  expect([full.status, message(full)]).toEqual([
    400,
    `Cannot remove host from aggregate ${id}. Reason: Host aggregate is not empty.`,
  ]);
  expect(at(await remove(id), "aggregate", "hosts")).toEqual([]);
  const deleted = await api.delete(`/os-aggregates/${id}`, { as });
  expect([deleted.status, deleted.body]).toEqual([200, undefined]);
  expect((await api.delete(`/os-aggregates/${id}`, { as })).status).toBe(404);
});

test("schedulers are told of each change, and of nothing that was refused", async () => {
  const told = async (count: number) => {
    await expect.poll(() => api.peers.hostNews).toBe(count);
    api.peers.hostNews = 0;
  };
  api.peers.hostNews = 0;
  const id = await aggregate("news");
  await told(1);
  for (const change of [() => add(id), () => set(id, { ssd: "true" }), () => remove(id)]) {
    expect((await change()).status).toBe(200);
    await told(1);
  }
  await api.put(`/os-aggregates/${id}`, { aggregate: { name: "old" } }, { as });
  await told(1);
  expect((await remove(id)).status).toBe(404);
  expect((await add(id, "nowhere")).status).toBe(404);
  expect((await api.delete(`/os-aggregates/${id}`, { as })).status).toBe(200);
  await told(1);
});

test("what is not there is a 404, what is there already a 409", async () => {
  const id = await aggregate("fast");
  await aggregate("slow");
  const put = (name: string) => api.put(`/os-aggregates/${id}`, { aggregate: { name } }, { as });
  const cases: [status: number, words: string, answer: Awaited<ReturnType<typeof add>>][] = [
    [404, "Aggregate -1 could not be found.", await api.get("/os-aggregates/-1", { as })],
    [404, "Aggregate 99999999999 could not be found.", await api.get("/os-aggregates/99999999999", { as })],
    [404, "Aggregate -1 could not be found.", await api.delete("/os-aggregates/-1", { as })],
    [404, "Aggregate 7777 could not be found.", await add(7777)],
    [404, "Aggregate 7777 could not be found.", await set(7777, {})],
    [404, "Compute host nowhere could not be found.", await add(id, "nowhere")],
    [404, `Cannot remove host nowhere in aggregate ${id}`, await remove(id, "nowhere")],
    [404, `Cannot remove host ${HOST} in aggregate 7777`, await remove(7777)],
    [400, "Invalid input received: id must be an integer", await api.get("/os-aggregates/fast", { as })],
    [409, "Aggregate slow already exists.", await put("slow")],
    [409, "Aggregate slow already exists.", await api.post("/os-aggregates", { aggregate: { name: "slow" } }, { as })],
  ];
  await add(id);
  cases.push([409, `Aggregate ${id} already has host ${HOST}.`, await add(id)]);
  for (const [status, words, answer] of cases) expect([answer.status, message(answer)]).toEqual([status, words]);
});

test.each([
  ["no name", { aggregate: {} }],
  ["an empty name", { aggregate: { name: "" } }],
  ["a name of blanks", { aggregate: { name: " a" } }],
  ["a name of 256 characters", { aggregate: { name: "a".repeat(256) } }],
  ["an unknown key", { aggregate: { name: "a", colour: "red" } }],
  ["a zone with a colon", { aggregate: { name: "a", availability_zone: "a:b" } }],
  ["an empty zone", { aggregate: { name: "a", availability_zone: "" } }],
  ["nothing", {}],
])("making one with %s is a 400", async (_, body) => {
  expect((await api.post("/os-aggregates", body, { as })).status).toBe(400);
  expect((await api.get("/os-aggregates", { as })).body).toEqual({ aggregates: [] });
});

test("changes that make no sense are a 400", async () => {
  const id = await aggregate("fast", "az1");
  for (const changes of [{}, { name: " " }, { name: "" }, { availability_zone: "a:b" }, { colour: "red" }]) {
    expect([changes, (await api.put(`/os-aggregates/${id}`, { aggregate: changes }, { as })).status]).toEqual([
      changes,
      400,
    ]);
  }
  for (const action of [
    { add_host: {} },
    { add_host: { host: "a b" } },
    { add_host: { host: HOST, more: 1 } },
    { remove_host: { host: "" } },
    { set_metadata: { metadata: { "a/b": "c" } } },
    { set_metadata: { metadata: { a: 1 } } },
    { set_metadata: { metadata: { a: "x".repeat(256) } } },
    { dance: {} },
  ]) {
    expect([action, (await act(id, action)).status]).toEqual([action, 400]);
  }
  const unzoned = await api.put(`/os-aggregates/${id}`, { aggregate: { name: "x", availability_zone: null } }, { as });
  expect([unzoned.status, message(unzoned)]).toEqual([
    400,
    `Cannot update aggregate ${id}. Reason: Aggregate x does not support empty named availability zone.`,
  ]);
  const meta = await set(id, { availability_zone: null });
  expect(message(meta)).toBe(
    `Cannot update metadata of aggregate ${id}. Reason: Aggregate fast does not support empty named availability zone.`,
  );
  expect(at(await api.get(`/os-aggregates/${id}`, { as }), "aggregate", "name")).toBe("fast");
});

test("a host is in one zone, also where many add it at once", async () => {
  const ids: number[] = [];
  for (const zone of ["az1", "az2", "az3", "az4"]) ids.push(await aggregate(zone, zone));
  const answers = await Promise.all(ids.map((id) => add(id)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
  const winner = answers.findIndex(({ status }) => status === 200);
  const loser = answers.findIndex(({ status }) => status === 409);
  expect(message(answers[loser] ?? { body: {} })).toBe(
    `Cannot add host to aggregate ${ids[loser]}. Reason: One or more hosts already in availability zone(s) ['az${winner + 1}'].`,
  );
});

test("no server comes into another zone by what is done to an aggregate", async () => {
  const [zone, plain] = [await aggregate("zone", "az1"), await aggregate("plain")];
  await api.activate(await api.createServer());
  const moved = await add(zone);
  expect(moved.status).toBe(409);
  expect(message(moved)).toMatch(/would change from 'nova' to 'az1' but the host already has 1 instance\(s\)\.$/);
  expect((await add(plain)).status).toBe(200);
  const words = /Reason: One or more hosts contain instances in this zone\.$/;
  const zoned = await api.put(`/os-aggregates/${plain}`, { aggregate: { availability_zone: "az1" } }, { as });
  expect([zoned.status, message(zoned)]).toEqual([400, expect.stringMatching(words)]);
  const meta = await set(plain, { availability_zone: "az1" });
  expect([meta.status, message(meta)]).toEqual([400, expect.stringMatching(words)]);

  await add(zone, OTHER_HOST);
  const server = await api.createServer();
  await api.activate(server);
  await api.database.execute(sql`update compute.servers set host = ${OTHER_HOST} where id = ${server}`);
  const removed = await remove(zone, OTHER_HOST);
  expect([removed.status, message(removed)]).toEqual([
    409,
    expect.stringMatching(/^Cannot remove host host-2 in aggregate \d+: .* from 'az1' to 'nova'/),
  ]);
});

test("aggregates are administrators' alone", async () => {
  const id = await aggregate("fast");
  for (const answer of [
    await api.get("/os-aggregates"),
    await api.get(`/os-aggregates/${id}`),
    await api.post("/os-aggregates", { aggregate: { name: "a" } }),
    await api.put(`/os-aggregates/${id}`, { aggregate: { name: "a" } }),
    await api.delete(`/os-aggregates/${id}`),
    await api.post(`/os-aggregates/${id}/action`, { add_host: { host: HOST } }),
    await api.post(`/os-aggregates/${id}/action`, { remove_host: { host: HOST } }),
    await api.post(`/os-aggregates/${id}/action`, { set_metadata: { metadata: {} } }),
  ]) {
    expect(answer.status).toBe(403);
  }
});

test("zones are those of the hosts, one whose hosts are all disabled is not available", async () => {
  const zone = await aggregate("zone", "az1");
  await aggregate("empty", "az9");
  await add(zone);
  const available = { available: true };
  expect((await api.get("/os-availability-zone")).body).toEqual({
    availabilityZoneInfo: [
      { zoneName: "az1", zoneState: available, hosts: null },
      { zoneName: "nova", zoneState: available, hosts: null },
    ],
  });
  const services = await api.get("/os-services?binary=nova-compute", { as });
  expect(at(services, "services")).toMatchObject([
    { host: HOST, zone: "az1" },
    { host: OTHER_HOST, zone: "nova" },
  ]);
  await api.put("/os-services/disable", { host: HOST, binary: "nova-compute" }, { as });
  expect((await api.get("/os-availability-zone/detail", { as })).body).toMatchObject({
    availabilityZoneInfo: [
      { zoneName: "nova", zoneState: available, hosts: { [OTHER_HOST]: { "nova-compute": { available: true } } } },
      { zoneName: "az1", zoneState: { available: false }, hosts: null },
    ],
  });
  await api.put("/os-services/enable", { host: HOST, binary: "nova-compute" }, { as });
});

test("a server shows the zone that was asked for, then that of its host", async () => {
  await add(await aggregate("zone", "az1"));
  const id = await api.createServer({ availability_zone: "az1" });
  const unplaced = await api.createServer();
  const zoneOf = async (server: string) =>
    at(await api.get(`/servers/${server}`, { version: "2.96" }), "server", "OS-EXT-AZ:availability_zone");
  expect([await zoneOf(id), await zoneOf(unplaced)]).toEqual(["az1", ""]);
  await api.activate(unplaced);
  expect(await zoneOf(unplaced)).toBe("az1");
  const listed = await api.get("/servers/detail", { version: "2.96" });
  expect(at(listed, "servers")).toMatchObject([
    { id: unplaced, "OS-EXT-AZ:availability_zone": "az1", pinned_availability_zone: null },
    { id, "OS-EXT-AZ:availability_zone": "az1", pinned_availability_zone: "az1" },
  ]);
});
