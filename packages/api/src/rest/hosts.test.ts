import { saveComputeNode } from "@kilonova/compute-store";
import { DatabaseServiceRecords } from "@kilonova/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOST } from "../testing/fake-peers.js";
import { at, LiveApi } from "../testing/live-api.js";

const NODE = "0c7a1b3e-8f6e-4f0e-9d1c-2b3a4c5d6e7f";
const as = "admin" as const;
let api: LiveApi;

beforeAll(async () => {
  api = await LiveApi.start();
  const records = new DatabaseServiceRecords(api.database);
  await records.register({ binary: "kilonova-conductor", topic: "conductor", host: HOST, contracts: {} });
  await records.register({ binary: "kilonova-identity", topic: "identity", host: HOST, contracts: {} });
  await saveComputeNode(api.database, {
    id: NODE,
    host: HOST,
    hypervisorHostname: "node-1.example.org",
    hypervisorType: "fake",
    hypervisorVersion: 1_000_000,
    hostIp: "127.0.0.1",
    vcpus: 8,
    vcpusUsed: 1,
    memoryMb: 8192,
    memoryMbUsed: 512,
    diskGb: 100,
    diskGbUsed: 1,
    runningServers: 1,
    cpuInfo: { arch: "x86_64" },
    uptime: 93_784,
  });
});
afterAll(() => api.stop());

async function computeService(version: string): Promise<Record<string, unknown>> {
  const answer = await api.get("/os-services?binary=nova-compute", { as, version });
  return at(answer, "services", 0) as Record<string, unknown>;
}

test("the services of the compute cloud are listed, by the names that clients know", async () => {
  const { status, body } = await api.get("/os-services", { as });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    services: [
      {
        binary: "nova-compute",
        host: HOST,
        zone: "nova",
        status: "enabled",
        state: "up",
        disabled_reason: null,
        id: expect.any(Number),
      },
      { binary: "nova-conductor", zone: "internal" },
    ],
  });
  expect((await api.get("/os-services")).status).toBe(403);
  expect((await api.get("/os-services?host=nowhere", { as })).body).toEqual({ services: [] });
  expect("forced_down" in (await computeService("2.10"))).toBe(false);
  expect((await computeService("2.11"))["forced_down"]).toBe(false);
  expect((await computeService("2.53"))["id"]).toMatch(/^[0-9a-f-]{36}$/);
});

test("up to 2.52 services are changed by host and name", async () => {
  const put = (action: string, body: object, version = "2.11") =>
    api.put(`/os-services/${action}`, { host: HOST, binary: "nova-compute", ...body }, { as, version });

  expect((await put("disable-log-reason", { disabled_reason: "repair" })).body).toEqual({
    service: { host: HOST, binary: "nova-compute", status: "disabled", disabled_reason: "repair" },
  });
  expect(await computeService("2.11")).toMatchObject({ status: "disabled", disabled_reason: "repair" });
  expect((await put("enable", {})).body).toEqual({
    service: { host: HOST, binary: "nova-compute", status: "enabled" },
  });
  expect(await computeService("2.11")).toMatchObject({ status: "enabled", disabled_reason: null });
  expect(at(await put("force-down", { forced_down: true }), "service", "forced_down")).toBe(true);
  expect((await computeService("2.11"))["state"]).toBe("down");
  await put("force-down", { forced_down: "false" });
  expect((await put("force-down", {}, "2.10")).status).toBe(404);
  expect((await put("disable-log-reason", {})).status).toBe(400);
  expect((await put("explode", {})).status).toBe(404);
  expect((await put("enable", { host: "nowhere" })).status).toBe(404);
});

test("schedulers are told that one has changed", async () => {
  const { id } = await computeService("2.53");
  for (const [path, status, version] of [
    [`/os-services/${id}`, "disabled", "2.53"],
    ["/os-services/enable", "enabled", "2.11"],
  ] as const) {
    api.peers.hostNews = 0;
    const body = version === "2.53" ? { status } : { host: HOST, binary: "nova-compute" };
    expect((await api.put(path, body, { as, version })).status).toBe(200);
    await expect.poll(() => api.peers.hostNews).toBe(1);
  }
});

test("from 2.53 on they are changed by their id", async () => {
  const { id } = await computeService("2.53");
  const put = (body: object, service: unknown = id) =>
    api.put(`/os-services/${service}`, body, { as, version: "2.53" });

  expect(at(await put({ status: "disabled", disabled_reason: "repair" }), "service")).toMatchObject({
    id,
    status: "disabled",
    disabled_reason: "repair",
  });
  expect(at(await put({ status: "enabled", forced_down: true }), "service")).toMatchObject({
    status: "enabled",
    forced_down: true,
  });
  await put({ forced_down: false });
  expect((await put({})).status).toBe(400);
  expect((await put({ disabled_reason: "x" })).status).toBe(400);
  expect((await put({ status: "sleepy" })).status).toBe(400);
  expect((await put({ status: "enabled" }, NODE)).status).toBe(404);
  const conductor = await api.get("/os-services?binary=nova-conductor", { as, version: "2.53" });
  expect((await put({ status: "disabled" }, at(conductor, "services", 0, "id"))).status).toBe(400);
});

test("a hypervisor shows what each microversion tells of it", async () => {
  const older = await api.get("/os-hypervisors/detail", { as });
  expect(older.body).toMatchObject({
    hypervisors: [
      {
        id: expect.any(Number),
        hypervisor_hostname: "node-1.example.org",
        state: "up",
        status: "enabled",
        vcpus: 8,
        memory_mb: 8192,
        free_ram_mb: 7680,
        free_disk_gb: 99,
        running_vms: 1,
        cpu_info: '{"arch":"x86_64"}',
        service: { host: HOST, id: expect.any(Number), disabled_reason: null },
      },
    ],
  });
  for (let minor = 1; minor <= 96; minor++) {
    const version = `2.${minor}`;
    const list = await api.get("/os-hypervisors", { as, version });
    const id = at(list, "hypervisors", 0, "id");
    expect([minor, typeof id]).toEqual([minor, minor >= 53 ? "string" : "number"]);
    const shown = at(await api.get(`/os-hypervisors/${id}`, { as, version }), "hypervisor") as Record<string, unknown>;
    expect([minor, "vcpus" in shown, "uptime" in shown]).toEqual([minor, minor < 88, minor >= 88]);
    if (minor < 88) expect(typeof shown["cpu_info"]).toBe(minor >= 28 ? "object" : "string");
    const statistics = await api.get("/os-hypervisors/statistics", { as, version });

    expect([minor, statistics.status]).toEqual([minor, minor < 88 ? 200 : 404]);
    expect([minor, (await api.get(`/os-hypervisors/${id}/uptime`, { as, version })).status]).toEqual([
      minor,
      minor < 88 ? 200 : 404,
    ]);
    expect([minor, (await api.get("/os-hypervisors/node/search", { as, version })).status]).toEqual([
      minor,
      minor < 53 ? 200 : 404,
    ]);
    expect([minor, (await api.get("/os-hypervisors/node/servers", { as, version })).status]).toEqual([
      minor,
      minor < 53 ? 200 : 404,
    ]);
  }
});

test("hypervisors are found by a part of their name, with their servers", async () => {
  const id = await api.createServer({ name: "hosted" });
  await api.activate(id);
  const found = await api.get("/os-hypervisors?hypervisor_hostname_pattern=node&with_servers=true", {
    as,
    version: "2.53",
  });
  expect(at(found, "hypervisors", 0, "servers")).toEqual([{ name: "hosted", uuid: id }]);
  expect((await api.get("/os-hypervisors?hypervisor_hostname_pattern=zzz", { as, version: "2.53" })).status).toBe(404);
  expect(at(await api.get("/os-hypervisors/node/servers", { as }), "hypervisors", 0, "servers", 0, "uuid")).toBe(id);
  expect((await api.get("/os-hypervisors/node/search")).status).toBe(403);
  expect((await api.get(`/os-hypervisors/${HOST}`, { as, version: "2.53" })).status).toBe(400);
  expect((await api.get("/os-hypervisors/7", { as })).status).toBe(404);
  const uptime = await api.get(`/os-hypervisors/${NODE}/uptime`, { as, version: "2.53" });
  expect(at(uptime, "hypervisor", "uptime")).toBe("up 1 day, 2:03");
});

test("zones tell of hosts to administrators alone", async () => {
  expect((await api.get("/os-availability-zone")).body).toEqual({
    availabilityZoneInfo: [{ zoneName: "nova", zoneState: { available: true }, hosts: null }],
  });
  expect((await api.get("/os-availability-zone/detail")).status).toBe(403);
  expect((await api.get("/os-availability-zone/detail", { as })).body).toMatchObject({
    availabilityZoneInfo: [
      { zoneName: "internal", hosts: { [HOST]: { "nova-conductor": { available: true, active: true } } } },
      { zoneName: "nova", hosts: { [HOST]: { "nova-compute": { available: true, active: true } } } },
    ],
  });
});
