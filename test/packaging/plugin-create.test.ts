import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RestClient } from "@kilonova/deployment";
import { PLUGIN_KINDS, type PluginKind } from "@kilonova/plugin-api";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { built, createServer, OutsideCloud, serverBody } from "./outside-cloud.js";
import { OutsideFolder } from "./outside-folder.js";
import type { Program } from "./program.js";

const repository = fileURLToPath(new URL("../../", import.meta.url));

/** What the package of each kind is called. */
const NAMES: Readonly<Record<PluginKind, string>> = {
  transport: "socket-transport",
  "request-filter": "trait-by-flavor",
  filter: "reserve-filter",
  weigher: "spread-weigher",
  scheduler: "any-host-scheduler",
  "virt-driver": "file-guests",
  "network-driver": "file-interfaces",
  "network-manager": "range-network",
  "image-store": "folder-store",
  authenticator: "secret-authenticator",
  "servicegroup-driver": "heartbeats",
  hook: "name-hook",
  service: "reservations",
  notifier: "file-notifier",
};
const HOSTS = ["host1", "host2"] as const;
/** Milliseconds for what happens by itself. */
const PATIENCE = 30_000;

/** Another program of the site: it calls the service by its contract, over the transport. */
const CLIENT = `
import { Rpc } from "@kilonova/messaging";
import { RequestContext } from "@kilonova/plugin-api";
import { reservationsContract } from "reservations";
import { SocketTransport, socketTransportOptions } from "socket-transport";

const transport = new SocketTransport(socketTransportOptions.schema.parse({}));
await transport.connect();
const { call } = new Rpc(transport).client(reservationsContract);
const holders = await Promise.all(
  ["Ada", "Grace"].map((holder) => call.reserve(new RequestContext(), { thing: "crane", holder })),
);
console.log(JSON.stringify({ holders, all: await call.list(new RequestContext()) }));
await transport.close();
`;

const reservedSchema = z.object({
  holders: z.array(z.object({ ok: z.boolean(), refusal: z.string().optional() })),
  all: z.array(z.object({ thing: z.string(), holder: z.string() })),
});
const pluginSchema = z.object({ name: z.string(), from: z.string(), problems: z.array(z.string()) });
const serviceSchema = z.object({ binary: z.string(), host: z.string(), state: z.string() });
const decisionSchema = z.object({ decision: z.object({ scores: z.array(z.object({ host: z.string() })) }) });
const networksSchema = z.record(z.string(), z.array(z.object({ addr: z.string() })));

/** What a program printed, as JSON. @throws with its complaints where it failed */
async function said<Schema extends z.ZodType>(schema: Schema, program: Program): Promise<z.output<Schema>> {
  const { code, stdout, stderr } = await program.ended();
  if (code !== 0) throw new Error(stderr);
  return schema.parse(JSON.parse(stdout));
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + PATIENCE; !(await holds()); await sleep(100)) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${PATIENCE} ms`);
  }
}

/** Two at a time: each is busy, or waits. */
async function forEachKind(work: (kind: PluginKind) => Promise<unknown>): Promise<void> {
  const left = [...PLUGIN_KINDS];
  const worker = async () => {
    for (let kind = left.shift(); kind !== undefined; kind = left.shift()) await work(kind);
  };
  await Promise.all([worker(), worker()]);
}

describe("plugins that `kilonova plugin create` wrote, of every kind", () => {
  let workshop: OutsideFolder;
  let cloud: OutsideCloud;

  beforeAll(async () => {
    workshop = await OutsideFolder.create();
    await workshop.write("package.json", JSON.stringify({ private: true, workspaces: ["plugins/*"] }));
    await workshop.install("kilonova");
    await forEachKind(async (kind) => {
      const { code, stderr } = await create(kind, `plugins/${NAMES[kind]}`);
      if (code !== 0) throw new Error(stderr);
    });
    await workshop.install();
    await forEachKind((kind) => workshop.inner(`plugins/${NAMES[kind]}`).npm("test"));
    await workshop.npm("pack", "--workspaces", "--ignore-scripts", "--pack-destination", ".");
    const tarballs = (await readdir(workshop.path)).filter((file) => file.endsWith(".tgz"));
    expect(tarballs).toHaveLength(PLUGIN_KINDS.length);
    cloud = await OutsideCloud.installBeside(workshop, ...tarballs.map((file) => join(workshop.path, file)));
    await cloud.site.write("client.mjs", CLIENT);
  });
  afterEach(() => cloud?.stop());
  afterAll(async () => {
    await cloud?.remove();
    await workshop?.remove();
  });

  function create(kind: string, path: string) {
    return workshop.start(workshop.command("kilonova"), "plugin", "create", kind, path).ended();
  }

  /** What the READMEs of plugins tell to write, all in one. */
  async function configurationOf(...kinds: readonly PluginKind[]) {
    // One project asks for all servers of these tests: no quota shall end it.
    const merged: Record<string, Record<string, unknown>> = { quota: { instances: -1, cores: -1, ram: -1 } };
    for (const kind of kinds) {
      const readme = await readFile(join(workshop.path, "plugins", NAMES[kind], "README.md"), "utf8");
      const lines = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
      const written = z.record(z.string(), z.record(z.string(), z.unknown())).parse(parse(lines));
      for (const [group, values] of Object.entries(written)) merged[group] = { ...merged[group], ...values };
    }
    return merged;
  }

  /** Names of files in a folder of the site. */
  async function filesIn(folder: string): Promise<readonly string[]> {
    return readdir(join(cloud.site.path, folder)).catch(() => []);
  }

  async function textOf(file: string): Promise<string> {
    return readFile(join(cloud.site.path, file), "utf8").catch(() => "");
  }

  async function guestsOn(host: string): Promise<readonly string[]> {
    return (await filesIn(`guests/${host}`)).filter((file) => file.endsWith(".json"));
  }

  async function stateOf(admin: RestClient, host: string): Promise<string | undefined> {
    const { services } = await admin.json(
      z.object({ services: z.array(serviceSchema) }),
      "GET",
      "compute",
      "/os-services",
    );
    return services.find((service) => service.binary === "nova-compute" && service.host === host)?.state;
  }

  /** The hosts between which the scheduler would choose now. It reads all that it knows anew, and goes on with that. */
  async function choiceFor(admin: RestClient, flavor: string): Promise<readonly string[]> {
    const body = await serverBody(admin, { flavor });
    const { decision } = await admin.json(decisionSchema, "POST", "compute", "/kilonova/scheduler/dry-run", body);
    return decision.scores.map(({ host }) => host).sort();
  }

  async function activeServer(user: RestClient, name: string, flavor = "tiny"): Promise<string> {
    const id = await createServer(user, { flavor, name });
    expect(await built(user, id)).toEqual({ status: "ACTIVE" });
    return id;
  }

  it("are written to folders that are empty, or else not at all", async () => {
    const before = await readdir(join(workshop.path, "plugins/reserve-filter"));
    const again = await create("filter", "plugins/reserve-filter");
    expect(again).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("reserve-filter is not empty."),
    });
    expect(await readdir(join(workshop.path, "plugins/reserve-filter"))).toEqual(before);
    const unknown = await create("fliter", "plugins/another");
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("Did you mean filter?") });
    expect(await readdir(join(workshop.path, "plugins"))).toHaveLength(PLUGIN_KINDS.length);
  });

  it("are found beside the configuration, each with nothing wrong, and their plugin-api is not the cloud's", async () => {
    const plugins = await said(z.array(pluginSchema), cloud.kilonova("plugins", "list", "--json"));
    for (const kind of PLUGIN_KINDS) {
      const name = NAMES[kind];
      expect(plugins).toContainEqual({ name, from: "configuration", problems: [] });
      const theirs = await cloud.site.locate("@kilonova/plugin-api", name);
      expect(theirs.startsWith(cloud.site.path)).toBe(true);
    }
    const ours = await cloud.program.locate("@kilonova/plugin-api", "@kilonova/core");
    expect(ours.startsWith(cloud.program.path)).toBe(true);
    expect(ours.startsWith(dirname(repository))).toBe(false);
    expect(await cloud.kilonova("plugins", "check").ended()).toMatchObject({ code: 0 });
  });

  it("carry a cloud of two hosts, and each does there what it is for", async () => {
    const { scheduler: _, ...others } = await configurationOf("request-filter", "filter", "weigher");
    const configuration = await configurationOf(
      "transport",
      "network-driver",
      "virt-driver",
      "network-manager",
      "image-store",
      "authenticator",
      "servicegroup-driver",
      "hook",
      "service",
      "notifier",
    );
    await cloud.configure({
      ...configuration,
      ...others,
      log: { level: "info" },
      scheduler: {
        requestFilters: ["MapAzToAggregate", "ComputeStatusFilter", "TraitByFlavor"],
        filters: ["ComputeFilter", "ReserveFilter"],
        weighers: ["SpreadWeigher"],
        mirrorInterval: "200ms",
        hostRefreshInterval: "200ms",
      },
      // The README of each of the two names one of ours for the other.
      compute: { driver: "FileGuests" },
      network: { ...configuration["network"], driver: "FileInterfaces" },
      service: { reportInterval: "1s" },
      heartbeats: { ...configuration["heartbeats"], downTime: "10s" },
      reserveFilter: { resourceClass: "MEMORY_MB", reserve: 4096 },
    });
    const up = await cloud.up("--first-guest", `--service.host=${HOSTS[0]}`);
    const [admin, user] = [await cloud.login("kilonova-admin"), await cloud.login()];

    // transport: a second host, whose compute is a process of its own.
    const second = cloud.kilonova("serve", "compute", `--service.host=${HOSTS[1]}`, "--socketTransport.serve=false");
    await second.printed("ready compute");
    const hypervisors = z.object({ hypervisors: z.array(z.unknown()) });
    await eventually("two hypervisors", async () => {
      return (await admin.json(hypervisors, "GET", "compute", "/os-hypervisors")).hypervisors.length === 2;
    });
    for (const host of HOSTS) await eventually(`${host} is up`, async () => (await stateOf(admin, host)) === "up");
    await expect.poll(() => choiceFor(admin, "tiny"), { timeout: PATIENCE }).toEqual(HOSTS);

    // hook
    await expect(createServer(user, { flavor: "tiny", name: "Web!" })).rejects.toThrow(
      /403 .*The name Web! does not match/,
    );

    // weigher, virt driver: the first host has one already; from then on servers are spread evenly.
    const servers: string[] = [];
    const serveOneMore = async () => servers.push(await activeServer(user, `web-${servers.length + 1}`));
    const guestCounts = () => Promise.all(HOSTS.map(async (host) => (await guestsOn(host)).length));
    expect(await guestCounts()).toEqual([1, 0]);
    await serveOneMore();
    expect(await guestCounts()).toEqual([1, 1]);
    for (const guests of [2, 3]) {
      await serveOneMore();
      await serveOneMore();
      expect(await guestCounts()).toEqual([guests, guests]);
    }
    expect(await textOf("state/kilonova.log")).toMatch(/"server":"web-1".*"a server was asked for"/);

    // network driver, network manager
    expect((await filesIn("interfaces")).toSorted()).toEqual(
      expect.arrayContaining(servers.map((id) => `${id}.json`).sort()),
    );
    const shown = z.object({ server: z.object({ addresses: networksSchema }) });
    for (const id of servers) {
      const { server } = await user.json(shown, "GET", "compute", `/servers/${id}`);
      expect(server.addresses).toEqual({ private: [{ addr: expect.stringMatching(/^10\.77\.0\.\d+$/) }] });
    }

    // image store
    const listed = z.object({ images: z.array(z.object({ size: z.number() })) });
    const { images } = await user.json(listed, "GET", "image", "/v2/images");
    const stored = await Promise.all(
      (await filesIn("image-data")).map(async (file) => (await stat(join(cloud.site.path, "image-data", file))).size),
    );
    expect(stored).toEqual(images.map(({ size }) => size));

    // notifier
    await eventually("all builds are told of", async () => {
      return (await textOf("notifications.jsonl")).split('"instance.create.end"').length - 1 === servers.length + 1;
    });

    // authenticator
    const auth = await textOf("state/clouds.yaml");
    const endpoint = /auth_url: (\S+)\/identity\/v3/.exec(auth)?.[1];
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${endpoint}/compute/v2.1/flavors`, { headers })).status;
    expect(await ask({ "x-client-secret": "change-me-to-something-long" })).toBe(200);
    expect(await ask({ "x-client-secret": "something else, of some length" })).toBe(401);
    expect(await ask({})).toBe(401);

    // service: a third process answers, a fourth asks.
    const service = cloud.kilonova("serve", "reservations", "--socketTransport.serve=false");
    await service.printed("ready reservations");
    const reserved = await said(reservedSchema, cloud.site.start(join(cloud.site.path, "client.mjs")));
    expect(reserved.holders.map((each) => each.refusal).sort()).toEqual(["held", undefined]);
    expect(reserved.all).toEqual([{ thing: "crane", holder: reserved.holders[0]?.ok ? "Ada" : "Grace" }]);
    expect(await service.stop()).toMatchObject({ code: 0 });

    // service group driver: who is killed is down when its time is over.
    await second.stop("SIGKILL");
    await eventually("the second host is down", async () => (await stateOf(admin, HOSTS[1])) === "down");
    expect(await stateOf(admin, HOSTS[0])).toBe("up");
    await expect.poll(() => choiceFor(admin, "tiny"), { timeout: PATIENCE }).toEqual([HOSTS[0]]);

    // request filter: of the size of tiny, but no host has the trait.
    await admin.json(z.unknown(), "POST", "compute", "/flavors", {
      flavor: { name: "gpu.large", vcpus: 1, ram: 32, disk: 1 },
    });
    expect(await built(user, await createServer(user, { flavor: "gpu.large", name: "gpu-1" }))).toEqual({
      status: "ERROR",
      fault: { message: expect.stringMatching(/^No valid host was found: 2 hosts: .*lacks? the trait CUSTOM_GPU/) },
    });

    // filter: what is left on the first host is its reserve.
    const flavor = { name: "big", vcpus: 1, ram: 12_500, disk: 1 };
    await admin.json(z.unknown(), "POST", "compute", "/flavors", { flavor });
    await activeServer(user, "big-1", "big");
    expect(await built(user, await createServer(user, { flavor: "small", name: "small-1" }))).toEqual({
      status: "ERROR",
      fault: {
        message: expect.stringMatching(
          /^No valid host was found: 2 hosts: 1 (is down|has less than 4096 MEMORY_MB to spare), 1 (is down|has less than 4096 MEMORY_MB to spare)\.$/,
        ),
      },
    });
    expect(await up.stop()).toMatchObject({ code: 0 });
  });

  it("schedule servers in a way of their own, and find the guests of an earlier cloud", async () => {
    const before = await guestsOn(HOSTS[0]);
    expect(before.length).toBeGreaterThan(1);
    await cloud.configure({
      ...(await configurationOf("network-driver", "virt-driver", "network-manager", "image-store", "scheduler")),
      compute: { driver: "FileGuests" },
      network: { manager: "RangeNetwork", driver: "FileInterfaces" },
    });
    const up = await cloud.up(`--service.host=${HOSTS[0]}`);
    const [admin, user] = [await cloud.login("kilonova-admin"), await cloud.login()];
    const id = await activeServer(user, "any-1");
    expect((await guestsOn(HOSTS[0])).toSorted()).toEqual([...before, `${id}.json`].sort());
    const flavor = { name: "huge", vcpus: 1, ram: 32, disk: 100_000_000 };
    await admin.json(z.unknown(), "POST", "compute", "/flavors", { flavor });
    expect(await built(user, await createServer(user, { flavor: "huge", name: "any-2" }))).toEqual({
      status: "ERROR",
      fault: { message: "No valid host was found: none of 2 hosts has room for what is asked." },
    });
    expect(await up.stop()).toMatchObject({ code: 0 });
  });
});
