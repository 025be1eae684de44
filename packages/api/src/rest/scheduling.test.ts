import { saveComputeNode } from "@kilonova/compute-store";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HOST, NETWORK } from "../testing/fake-peers.js";
import { at, IMAGE, LiveApi } from "../testing/live-api.js";

const UUID = "0c7a1b3e-8f6e-4f0e-9d1c-2b3a4c5d6e7f";
const NODE = "node-1.example.org";
const as = "admin" as const;
let api: LiveApi;

beforeAll(async () => {
  api = await LiveApi.start({ instances: -1, cores: -1, ram: -1 });
  await saveComputeNode(api.database, {
    id: UUID,
    host: HOST,
    hypervisorHostname: NODE,
    hypervisorType: "fake",
    hypervisorVersion: 1,
    hostIp: "127.0.0.1",
    vcpus: 8,
    vcpusUsed: 0,
    memoryMb: 8192,
    memoryMbUsed: 0,
    diskGb: 100,
    diskGbUsed: 0,
    runningServers: 0,
    cpuInfo: {},
    uptime: null,
  });
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.database.execute(sql`truncate compute.servers cascade`);
  api.peers.dryRun = undefined;
});

const server = { name: "web", imageRef: IMAGE, flavorRef: "1" };

async function countServers(): Promise<unknown> {
  const { rows } = await api.database.execute(sql`select count(*)::integer as count from compute.servers`);
  return rows[0]?.["count"];
}

async function specOf(answer: Parameters<typeof at>[0]): Promise<unknown> {
  expect(answer.status).toBe(202);
  const id = String(at(answer, "server", "id"));
  const { rows } = await api.database.execute(sql`select spec from compute.request_specs where server_id = ${id}`);
  return rows[0]?.["spec"];
}

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
const hinted = (hints: object) => api.post("/servers", { server, "os:scheduler_hints": hints });

describe("scheduler hints", () => {
  test.each([
    ["group", "no uuid"],
    ["group", [UUID]],
    ["different_host", "no uuid"],
    ["different_host", ["no uuid"]],
    ["different_host", 1],
    ["same_host", ["no uuid"]],
    ["same_host", { a: 1 }],
    ["build_near_host_ip", "10.0.0.300"],
    ["cidr", "24"],
    ["cidr", "/24 "],
    ["target_cell", ""],
    ["query", 7],
    ["query", '["=", '],
    ["query", ""],
    ["query", JSON.stringify(nested(33))],
    ["query", { and: nested(32) }],
    ["query", JSON.stringify("x".repeat(65_536))],
  ])("%s: %j is a 400, and nothing is made", async (name, value) => {
    const answer = await hinted({ [name]: value });
    expect(answer.status).toBe(400);
    expect(await countServers()).toBe(0);
  });

  test.each([
    ["different_host", UUID],
    ["different_host", [UUID, UUID]],
    ["same_host", UUID],
    ["same_host", []],
    ["build_near_host_ip", "192.0.2.1"],
    ["cidr", "/24"],
    ["query", '[">=", "$free_ram_mb", 1024]'],
    ["query", { and: [] }],
    ["query", JSON.stringify(nested(32))],
    ["different_cell", ["a"]],
    ["colour", { any: ["thing"] }],
  ])("%s: %j is told to the scheduler as it was sent", async (name, value) => {
    expect(await specOf(await hinted({ [name]: value }))).toMatchObject({ hints: { [name]: value } });
  });

  test("those that begin with _ are the scheduler's own, and are left out", async () => {
    const spec = await specOf(await hinted({ _nova_check_type: ["rebuild"], _: 1, colour: "red" }));
    expect(spec).toMatchObject({ hints: { colour: "red" } });
    expect(Object.keys((spec as { hints: object }).hints)).toEqual(["colour"]);
  });

  test("a group is told by its rule", async () => {
    const asked = { name: "g", policy: "anti-affinity", rules: { max_server_per_host: 2 } };
    const made = await api.post("/os-server-groups", { server_group: asked }, { version: "2.64" });
    const id = at(made, "server_group", "id");
    expect(await specOf(await hinted({ group: id }))).toMatchObject({
      group: { id, policy: "anti-affinity", maxServerPerHost: 2 },
      hints: { group: id },
    });
    expect(await specOf(await hinted({}))).toMatchObject({ group: null });
  });
});

describe("where a server is to go", () => {
  const inZone = (zone: string) => api.post("/servers", { server: { ...server, availability_zone: zone } }, { as });
  const byName = (place: object, zone?: string) =>
    api.post(
      "/servers",
      { server: { ...server, networks: "none", ...place, ...(zone === undefined ? {} : { availability_zone: zone }) } },
      { as, version: "2.74" },
    );

  test("a host or a hypervisor in the zone is forced, one by itself is requested", async () => {
    const nowhere = { forcedHost: null, forcedNode: null, requestedDestination: null };
    const nova = { availabilityZone: "nova" };
    expect(await specOf(await inZone("nova"))).toMatchObject({ ...nowhere, ...nova });
    expect(await specOf(await inZone(`nova:${HOST}`))).toMatchObject({ ...nowhere, ...nova, forcedHost: HOST });
    expect(await specOf(await inZone(`nova::${NODE}`))).toMatchObject({ ...nowhere, ...nova, forcedNode: NODE });
    expect(await specOf(await inZone(`:${HOST}:${NODE}`))).toMatchObject({
      ...nowhere,
      availabilityZone: null,
      forcedHost: HOST,
      forcedNode: NODE,
    });
    expect(await specOf(await byName({ host: HOST }))).toMatchObject({
      ...nowhere,
      requestedDestination: { host: HOST, node: null },
    });
    expect(await specOf(await byName({ hypervisor_hostname: NODE }, "nova"))).toMatchObject({
      ...nowhere,
      ...nova,
      requestedDestination: { host: null, node: NODE },
    });
  });

  test.each([
    ["mars", {}, "The requested availability zone is not available"],
    [`mars:${HOST}`, {}, "The requested availability zone is not available"],
    ["internal", {}, "The requested availability zone is not available"],
    ["a:b:c:d", {}, "Invalid input received: Unable to parse availability_zone"],
    ["nova:nowhere", {}, "Compute host nowhere could not be found."],
    ["nova::nothing", {}, "Compute host nothing could not be found."],
    [`nova:nowhere:${NODE}`, {}, "Compute host nowhere could not be found."],
    [undefined, { host: "nowhere" }, "Compute host nowhere could not be found."],
    [undefined, { hypervisor_hostname: "nothing" }, "Compute host nothing could not be found."],
    [undefined, { host: HOST, hypervisor_hostname: "nothing" }, "Compute host nothing could not be found."],
    [
      `nova:${HOST}`,
      { host: HOST },
      "One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node are mutually exclusive.",
    ],
  ])("zone %s with %j is a 400 in words, and nothing is made", async (zone, place, words) => {
    const answer = await byName(place, zone);
    expect([answer.status, at(answer, "badRequest", "message")]).toEqual([400, words]);
    expect(await countServers()).toBe(0);
  });

  test("a zone is there while some host of it is enabled", async () => {
    const made = await api.post("/os-aggregates", { aggregate: { name: "z", availability_zone: "az1" } }, { as });
    const path = `/os-aggregates/${at(made, "aggregate", "id")}/action`;
    expect((await inZone("az1")).status).toBe(400);
    await api.post(path, { add_host: { host: HOST } }, { as });
    expect((await inZone("nova")).status).toBe(400);
    expect((await inZone("az1")).status).toBe(202);
    await api.put("/os-services/disable", { host: HOST, binary: "nova-compute" }, { as });
    expect((await inZone("az1")).status).toBe(400);
    await api.put("/os-services/enable", { host: HOST, binary: "nova-compute" }, { as });
    expect((await api.post(path, { remove_host: { host: HOST } }, { as })).status).toBe(200);
  });

  test("several servers with one address are refused before anything is made", async () => {
    const networks = [{ uuid: NETWORK, fixed_ip: "10.0.0.9" }];
    expect((await api.post("/servers", { server: { ...server, networks, min_count: 2 } })).status).toBe(400);
    const port = [{ port: UUID }];
    expect((await api.post("/servers", { server: { ...server, networks: port, min_count: 2 } })).status).toBe(400);
    expect(await countServers()).toBe(0);
  });
});

describe("a dry run", () => {
  const dryRun = (body: object, who: "admin" | "member" = as) =>
    api.post("/kilonova/scheduler/dry-run", body, { as: who });

  test("asks the scheduler what a request for servers would, and writes nothing", async () => {
    const answer = await dryRun({
      server: { ...server, networks: "auto", min_count: 3, host: HOST, availability_zone: "nova" },
      "os:scheduler_hints": { colour: "red", _secret: 1 },
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ decision: { outcome: "dry-run", requestSpec: { flavor: { id: "1" } } } });
    expect(api.peers.dryRun).toMatchObject({
      servers: 3,
      ignoredHosts: [],
      requestSpec: {
        reason: "create",
        image: { id: IMAGE },
        availabilityZone: "nova",
        requestedDestination: { host: HOST, node: null },
        hints: { colour: "red" },
      },
    });
    expect(await countServers()).toBe(0);
  });

  test("is a 501 where the scheduler's strategy cannot say", async () => {
    api.peers.canDryRun = false;
    expect((await dryRun({ server: { ...server, networks: "auto" } })).status).toBe(501);
    api.peers.canDryRun = true;
  });

  test("is an administrator's, and refuses what a request for servers would", async () => {
    const body = { server: { ...server, networks: "auto" } };
    expect((await dryRun(body, "member")).status).toBe(403);
    for (const changes of [
      { flavorRef: "nope" },
      { imageRef: UUID },
      { availability_zone: "mars" },
      { host: "nowhere" },
      { networks: [{ uuid: UUID }] },
      { colour: "red" },
    ]) {
      expect([changes, (await dryRun({ server: { ...body.server, ...changes } })).status]).toEqual([changes, 400]);
    }
    expect((await dryRun({ ...body, "os:scheduler_hints": { group: UUID } })).status).toBe(400);
    expect(api.peers.dryRun).toBeUndefined();
  });
});

test("servers that name no zone go to the one that the option names", async () => {
  const choosy = await LiveApi.start({}, { defaultScheduleZone: "nova" });
  try {
    const id = await choosy.createServer();
    const shown = await choosy.get(`/servers/${id}`, { version: "2.96" });
    expect(at(shown, "server", "pinned_availability_zone")).toBe("nova");
  } finally {
    await choosy.stop();
  }
});
