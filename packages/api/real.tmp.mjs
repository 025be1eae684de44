import { startThrowAwayPostgres } from "@kilonova/database/testing";
import { connectDatabase, Migrator, frameworkMigrations, DatabaseServiceRecords } from "@kilonova/database";
import { computeMigrations, saveComputeNode } from "@kilonova/compute-store";
import { WebListener, fault, declareRoute, route, imageFaults, imageDiscovery, TokenAuthenticator, authenticated } from "@kilonova/http";
import { MemoryTransport, Rpc } from "@kilonova/messaging";
import { silentLogger, systemClock, rpcMethodsOf } from "@kilonova/plugin-api";
import { identityContract, computeContract, conductorContract, imageContract, networkContract } from "@kilonova/contracts";
import { ok } from "@kilonova/messaging";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { ApiWeb, ServerManager, apiOptions, quotaOptions } from "./dist/index.js";
import { sampleImage } from "./dist/testing/fake-peers.js";
const { bootstrapIdentity, IdentityManager, IdentityWeb, identityMigrations } = await import("../identity/dist/index.js");
const pg = await startThrowAwayPostgres();
const t = await pg.createDatabase();
await new Migrator(t.url, [frameworkMigrations, computeMigrations, identityMigrations]).migrate();
const database = await connectDatabase({ url: t.url, applicationName: "x", poolSize: 10, connectTimeout: 10000, statementTimeout: 30000 });
const rpc = new Rpc(new MemoryTransport(), (f) => console.error("rpc failure", f));
const url = "http://127.0.0.1:18774";
const settings = { manager: "x", tokenLifetime: 3600000 };
await bootstrapIdentity(database, { users: [
  { name: "admin", password: "secret", projectName: "admin", roles: ["admin", "member", "reader"] },
  { name: "ann", password: "secret", projectName: "demo", roles: ["member", "reader"] }], region: "RegionOne",
  endpoints: [{ type: "identity", name: "keystone", url: `${url}/identity/v3` }, { type: "compute", name: "nova", url: `${url}/compute/v2.1` }, { type: "image", name: "glance", url: `${url}/image` }] });
const im = new IdentityManager(database, systemClock, settings);
await rpc.serve({ topic: "identity", server: "h" }, [{ contract: identityContract, handlers: new Map([...rpcMethodsOf(IdentityManager)].map((n) => [n, im[n].bind(im)])) }]);
const IMAGE = "1badcafe-0000-4000-8000-000000000001";
await rpc.serve({ topic: "image", server: "h" }, [{ contract: imageContract, handlers: new Map([["getImage", async (c, { imageId }) => ok(sampleImage(imageId))]]) }]);
await rpc.serve({ topic: "network", server: "h" }, [{ contract: networkContract, handlers: new Map([["listNetworks", async () => []]]) }]);
const end = async (operationId, change) => {
  await new Promise((r) => setTimeout(r, 300));
  await database.execute(sql`update compute.servers s set ${sql.raw(change)} from compute.operations o where o.server_id = s.id and o.id = ${operationId}`);
  await database.execute(sql`update compute.operations set state='done', finished_at=now() where id = ${operationId}`);
};
const net = JSON.stringify([{ portId: "p", networkId: "n", networkName: "private", macAddress: "fa:16:3e:00:00:01", addresses: [{ address: "10.0.0.5", version: 4, prefix: 24, gateway: null }], nameservers: [], mtu: 1500 }]);
await rpc.serve({ topic: "conductor", server: "h" }, [{ contract: conductorContract, handlers: new Map([
  ["scheduleAndBuildServers", async (c, { operationIds }) => { for (const id of operationIds) await end(id, `vm_state='active', task_state=null, power_state='running', host='host-1', node='node-1', launched_at=now(), network_info='${net}'`); }],
  ["deleteServer", async (c, { operationId }) => end(operationId, "vm_state='deleted', task_state=null, deleted_at=now(), terminated_at=now()")]]) }]);
await rpc.serve({ topic: "compute", server: "host-1" }, [{ contract: computeContract, handlers: new Map([
  ["startServer", async (c, a) => end(a.operationId, "vm_state='active', task_state=null, power_state='running'")],
  ["stopServer", async (c, a) => end(a.operationId, "vm_state='stopped', task_state=null, power_state='shutdown'")],
  ["rebootServer", async (c, a) => end(a.operationId, "task_state=null")],
  ["deleteServer", async (c, a) => end(a.operationId, "vm_state='deleted', task_state=null, deleted_at=now(), terminated_at=now()")],
  ["getConsoleOutput", async () => ok("hello from the guest\n")]]) }]);
await new DatabaseServiceRecords(database).register({ binary: "kilonova-compute", topic: "compute", host: "host-1", contracts: {} });
await saveComputeNode(database, { id: "0c7a1b3e-8f6e-4f0e-9d1c-2b3a4c5d6e7f", host: "host-1", hypervisorHostname: "node-1", hypervisorType: "fake", hypervisorVersion: 1, hostIp: "127.0.0.1", vcpus: 8, vcpusUsed: 0, memoryMb: 8192, memoryMbUsed: 0, diskGb: 100, diskGbUsed: 0, runningServers: 0, cpuInfo: {}, uptime: 100 });
const quotas = quotaOptions.schema.parse({ instances: -1, cores: -1, ram: -1 });
const auth = new TokenAuthenticator(rpc, systemClock);
const compute = new ApiWeb(database, apiOptions.schema.parse({}), quotas, new ServerManager(database, rpc, silentLogger, quotas), { isUp: () => true }, [auth]);
// a tiny image service
const view = { id: IMAGE, name: "tiny", status: "active", visibility: "public", min_disk: 0, min_ram: 0, size: 512, disk_format: "raw", container_format: "bare", tags: [], owner: "x", protected: false, file: `/v2/images/${IMAGE}/file`, schema: "/v2/schemas/image" };
class Images {
  async list() { return { status: 200, body: { images: [view], first: "/v2/images", schema: "/v2/schemas/images" } }; }
  async show({ params }) { return params.id === IMAGE ? { status: 200, body: view } : fault(404, "No image"); }
}
const loose = z.looseObject({});
route(declareRoute({ method: "GET", path: "/images", policy: "authenticated", query: loose, replies: { 200: loose } }))(Images.prototype, "list", Object.getOwnPropertyDescriptor(Images.prototype, "list"));
route(declareRoute({ method: "GET", path: "/images/{id}", policy: "authenticated", replies: { 200: loose } }))(Images.prototype, "show", Object.getOwnPropertyDescriptor(Images.prototype, "show"));
const image = { name: "image", root: "/image/v2", controllers: [new Images()], faultStyle: imageFaults, authenticators: [auth], policies: {}, discovery: imageDiscovery(["v2.9", "v2.0"]) };
const listener = new WebListener({ host: "127.0.0.1", port: 18774, publicEndpoint: url, authenticateUri: `${url}/identity/v3`, logger: { ...silentLogger, error: (f, m) => console.error(m, f), child() { return this; } } },
  [compute.webService(), new IdentityWeb(database, systemClock, settings).webService(), image]);
await listener.start();
globalThis.kn = { database };
console.log("ready", process.pid);
process.on("SIGTERM", async () => { await listener.stop(500); await database.$client.end(); await pg.stop(); process.exit(0); });
