import { readdir, readFile, readlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { exampleConfiguration } from "./example-configuration.js";
import { built, createServer, deleted, OutsideCloud } from "./outside-cloud.js";

const repository = fileURLToPath(new URL("../../", import.meta.url));
const PLUGINS = [
  "request-filter",
  "filter",
  "weigher",
  "chance-scheduler",
  "audit-hook",
  "process-driver",
  "network-driver",
];
const HOST = "gpu-1";
const pluginSchema = z.object({ name: z.string(), from: z.string(), inUseBy: z.array(z.string()) });
const hookPointSchema = z.object({
  point: z.string(),
  hooks: z.array(z.object({ name: z.string(), path: z.string() })),
});
const consoleSchema = z.object({ output: z.string() });
const guestSchema = z.object({ process: z.object({ pid: z.number().int() }) });
const weighedSchema = z.object({ host: z.string(), servers: z.number(), weight: z.number() });
const auditSchema = z.object({ outcome: z.string(), name: z.string(), reason: z.string().optional() });

/** A weigher of the site's own, by its path: the example's, which says what it is asked. */
const WATCHED_WEIGHER = `
import { appendFileSync } from "node:fs";
import { FewestServersWeigher } from "kilonova-example-weigher";
export class WatchedWeigher extends FewestServersWeigher {
  weigh(host) {
    const weight = super.weigh(host);
    const line = JSON.stringify({ host: host.host, servers: host.servers, weight });
    appendFileSync(new URL("weighed.jsonl", import.meta.url), line + "\\n");
    return weight;
  }
}
`;

/** One that has ended and waits to be reaped is not. */
async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return /^State:\s+[^ZX]/m.test(status);
}

describe("plugins from outside, in a cloud that npm installed", () => {
  let outside: OutsideCloud;

  beforeAll(async () => {
    // A second copy of what core is made with, as a plugin may bring it along.
    outside = await OutsideCloud.install(
      ...PLUGINS.map((name) => `kilonova-example-${name}`),
      "tsyringe",
      "reflect-metadata",
    );
    await outside.site.write("watched-weigher.js", WATCHED_WEIGHER);
  });
  afterEach(() => outside?.stop());
  afterAll(async () => {
    for (const pid of (await guests().catch(() => [])).map((guest) => guest.pid)) {
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    }
    await outside?.remove();
  });

  async function linesIn<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.output<Schema>[]> {
    const text = await readFile(join(outside.site.path, file), "utf8");
    return text.split("\n").flatMap((line) => (line === "" ? [] : [schema.parse(JSON.parse(line))]));
  }

  /** What the process driver has written down. */
  async function guests(): Promise<readonly { readonly id: string; readonly pid: number }[]> {
    const folder = join(outside.site.path, "process-guests", HOST);
    const ids = await readdir(folder);
    return Promise.all(
      ids.map(async (id) => {
        const text = await readFile(join(folder, id, "guest.json"), "utf8");
        return { id, pid: guestSchema.parse(JSON.parse(text)).process.pid };
      }),
    );
  }

  it.each([
    ["@kilonova/plugin-api", "@kilonova/scheduler", "kilonova-example-filter"],
    ["tsyringe", "@kilonova/core", undefined],
  ])(
    "has %s twice: beside the cloud, and beside the plugins and the configuration",
    async (name, ourUser, theirUser) => {
      const copies = [await outside.program.locate(name, ourUser), await outside.site.locate(name, theirUser)];
      const [ours, theirs] = copies;
      expect(ours?.startsWith(outside.program.path)).toBe(true);
      expect(theirs?.startsWith(outside.site.path)).toBe(true);
      expect(copies.filter((copy) => copy.startsWith(dirname(repository)))).toEqual([]);
    },
  );

  it("refuses options that the plugins do not have, and values that they do not take", async () => {
    await outside.configure({
      reservedHosts: { host: ["gpu-*"] },
      fewestServers: { multiplier: "much" },
      racks: { metadataKey: "" },
      audit: { names: "(" },
      processDriver: { softRebootTimeout: "soon" },
      fileNetwork: { path: "" },
    });
    const { code, stdout, stderr } = await outside.kilonova(...outside.upArguments).ended();
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    for (const option of [
      "reservedHosts.host",
      "fewestServers.multiplier",
      "racks.metadataKey",
      "audit.names",
      "processDriver.softRebootTimeout",
      "fileNetwork.path",
    ])
      expect(stderr).toContain(option);
    expect(stderr).not.toContain("    at ");
  });

  it("lists the plugins with what uses them and the hook at its point, and finds nothing wrong with them", async () => {
    await outside.configure(await exampleConfiguration(PLUGINS));
    const { stdout } = await outside.kilonova("plugins", "list", "--json").ended();
    const listed = z.array(pluginSchema).parse(JSON.parse(stdout));
    const outsiders = listed.filter(({ name }) => name.startsWith("kilonova-example-"));
    expect(Object.fromEntries(outsiders.map(({ name, from, inUseBy }) => [name, [from, ...inUseBy]]))).toEqual({
      "kilonova-example-audit-hook": ["configuration", "its manifest"],
      "kilonova-example-chance-scheduler": ["configuration", "scheduler.driver"],
      "kilonova-example-filter": ["configuration", "scheduler.filters"],
      "kilonova-example-network-driver": ["configuration", "network.driver"],
      "kilonova-example-process-driver": ["configuration", "compute.driver"],
      "kilonova-example-request-filter": ["configuration", "scheduler.requestFilters"],
      "kilonova-example-weigher": ["configuration", "scheduler.weighers"],
    });
    expect(await outside.kilonova("plugins", "check").ended()).toMatchObject({ code: 0, stderr: "" });
    const hooks = await outside.kilonova("hooks", "list", "--json").ended();
    const points = z.array(hookPointSchema).parse(JSON.parse(hooks.stdout));
    expect(points.filter((each) => each.hooks.length > 0)).toMatchObject([
      { point: "server.create", hooks: [{ name: "AuditHook", path: "kilonova-example-audit-hook#AuditHook" }] },
    ]);
  });

  it("asks request filter, filter and weigher, lets the hook refuse, and builds by virt driver and network driver", async () => {
    const examples = ["request-filter", "filter", "weigher", "audit-hook", "process-driver", "network-driver"];
    const scheduler = { weighers: ["./watched-weigher.js#WatchedWeigher"] };
    const own = { service: { host: HOST }, scheduler, reservedHosts: { flavors: ["tiny"] } };
    await outside.configure(await exampleConfiguration(examples, own));
    const cloud = await outside.up("--first-guest");
    const user = await outside.login();

    await expect(createServer(user, { flavor: "tiny", name: "mail-1" })).rejects.toThrow(
      /403 .*Servers have to be named like \^\(hello\|web-\.\*\)\$, and .*mail-1.* is not\./,
    );
    const [refused, passed] = [
      await createServer(user, { flavor: "small", name: "web-1" }),
      await createServer(user, { flavor: "tiny", name: "web-2" }),
    ];
    expect(await built(user, refused)).toEqual({
      status: "ERROR",
      fault: { message: "No valid host was found: 1 host: 1 is reserved for tiny." },
    });
    expect(await built(user, passed)).toEqual({ status: "ACTIVE" });
    const unracked = await createServer(user, { flavor: "tiny", name: "web-0", hints: { rack: "r9" } });
    expect(await built(user, unracked)).toEqual({
      status: "ERROR",
      fault: { message: expect.stringMatching(/^No valid host .*: there is no rack r9\.$/) },
    });

    const [guest] = (await guests()).filter(({ id }) => id === passed);
    const namespace = await readlink(`/proc/${guest?.pid}/ns/pid_for_children`);
    expect(namespace).not.toBe(await readlink("/proc/self/ns/pid"));
    const action = { "os-getConsoleOutput": { length: 10 } };
    const { output } = await user.json(consoleSchema, "POST", "compute", `/servers/${passed}/action`, action);
    expect(output).toMatch(/^Hello from process 1 of a guest of Kilonova\nweb-2: 1 vCPUs, 32 MB of memory\nnet0 /);

    const mac = /^net0 (\S+) /m.exec(output)?.[1];
    const interfaces = await readFile(join(outside.site.path, "interfaces", HOST, `${passed}.json`), "utf8");
    expect(interfaces).toContain(`"${mac}"`);

    const weighed = await linesIn("weighed.jsonl", weighedSchema);
    expect(weighed).toEqual(
      expect.arrayContaining([0, 1].map((servers) => ({ host: HOST, servers, weight: 0 - servers }))),
    );
    expect(await linesIn("audit.jsonl", auditSchema)).toEqual([
      { outcome: "asked", name: "hello" },
      { outcome: "accepted", name: "hello" },
      { outcome: "vetoed", name: "mail-1", reason: expect.stringContaining("have to be named") },
      { outcome: "asked", name: "web-1" },
      { outcome: "accepted", name: "web-1" },
      { outcome: "asked", name: "web-2" },
      { outcome: "accepted", name: "web-2" },
      { outcome: "asked", name: "web-0" },
      { outcome: "accepted", name: "web-0" },
    ]);
    expect(await cloud.stop()).toMatchObject({ code: 0 });
  });

  it("schedules by chance, finds the guests of before, and removes them", async () => {
    const before = await guests();
    expect(before).toHaveLength(2);
    const examples = ["chance-scheduler", "audit-hook", "process-driver", "network-driver"];
    await outside.configure(await exampleConfiguration(examples, { service: { host: HOST } }));
    await outside.up();
    const [admin, user] = [await outside.login("kilonova-admin"), await outside.login()];
    const flavor = { name: "huge", vcpus: 1, ram: 32, disk: 100_000_000 };
    await admin.json(z.unknown(), "POST", "compute", "/flavors", { flavor });
    const [refused, passed] = [
      await createServer(user, { flavor: "huge", name: "web-3" }),
      await createServer(user, { flavor: "small", name: "web-4" }),
    ];
    expect(await built(user, refused)).toEqual({
      status: "ERROR",
      fault: { message: "No valid host was found: 1 of 1 hosts have no room." },
    });
    expect(await built(user, passed)).toEqual({ status: "ACTIVE" });

    const after = await guests();
    expect(after).toEqual(expect.arrayContaining([...before]));
    await Promise.all(after.map(({ id }) => deleted(user, id)));
    expect(await guests()).toEqual([]);
    expect(await readdir(join(outside.site.path, "interfaces", HOST))).toEqual([]);
    expect(await Promise.all(after.map(({ pid }) => isAlive(pid)))).toEqual([false, false, false]);
  });
});
