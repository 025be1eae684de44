import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { schedulerChainSchema, schedulingDecisionSchema } from "@kilonova/contracts";
import type { RestClient } from "@kilonova/deployment";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { login } from "./many-servers.js";
import type { OpenstackClient } from "./openstack-client.js";
import { type OptionValues, SeparateProcesses } from "./separate-processes.js";

/** A server takes some commands, each of which starts a Python. */
const LONG = 240_000;
/** Milliseconds: what takes a second or two, and some tries of a command on a busy machine. */
const SOON = 20_000;

/** What is in force without configuration, and what else an operator may want. */
const FILTERS = [
  "ComputeFilter",
  "ComputeCapabilitiesFilter",
  "ImagePropertiesFilter",
  "ServerGroupAntiAffinityFilter",
  "ServerGroupAffinityFilter",
];
const MORE_FILTERS = ["SameHostFilter", "DifferentHostFilter", "AggregateInstanceExtraSpecsFilter"];

const shownServer = z.object({
  id: z.string(),
  status: z.string(),
  "OS-EXT-AZ:availability_zone": z.string().nullable(),
  "OS-EXT-SRV-ATTR:host": z.string().nullable(),
  fault: z.object({ message: z.string() }).optional(),
});
const decisions = z.array(schedulingDecisionSchema.omit({ stages: true, scores: true, requestSpec: true }));
const chains = z.object({ chains: z.array(schedulerChainSchema), silent: z.array(z.string()), agree: z.boolean() });

let cloud: SeparateProcesses;
let user: OpenstackClient;
let admin: OpenstackClient;
/** As an administrator. */
let rest: RestClient;

beforeAll(async () => {
  cloud = await SeparateProcesses.start("fake", [], await optionsOf("keep-decisions"));
  user = cloud.client;
  admin = user.as("kilonova-admin");
  rest = await login(cloud.cloudsFile, "kilonova-admin");
  const image = join(cloud.folder, "image.raw");
  await writeFile(image, new Uint8Array(512));
  await user.run("image", "create", "--disk-format", "raw", "--container-format", "bare", "--file", image, "tiny");
  await admin.run("flavor", "create", "--ram", "64", "--vcpus", "1", "--disk", "1", "small");
  await admin.run("quota", "set", "--instances", "-1", "kilonova");
});
afterAll(() => cloud?.destroy());

/** What a configuration says that the guide shows. */
async function optionsOf(name: string): Promise<OptionValues> {
  const text = await readFile(new URL(`${name}.config.yaml`, import.meta.url), "utf8");
  return z.record(z.string(), z.record(z.string(), z.unknown())).parse(parse(text));
}

/** Makes a server, and waits until it is there or in error. Answers how an administrator sees it. */
async function boot(name: string, ...args: readonly string[]) {
  return await bootAs(user, name, ...args);
}

async function bootAs(client: OpenstackClient, name: string, ...args: readonly string[]) {
  const flavor = args.includes("--flavor") ? [] : ["--flavor", "small"];
  await client.attempt("server", "create", ...flavor, "--image", "tiny", "--wait", ...args, name);
  return await show(name);
}

async function show(name: string) {
  const listed = z.object({ servers: z.array(shownServer) });
  const path = `/servers/detail?all_tenants=1&name=^${name}$`;
  const { servers } = await rest.json(listed, "GET", "compute", path);
  const [server] = servers;
  return {
    id: server?.id ?? "",
    status: server?.status,
    zone: server?.["OS-EXT-AZ:availability_zone"],
    host: server?.["OS-EXT-SRV-ATTR:host"],
    fault: server?.fault?.message,
  };
}

/** Tries to make a server that is refused. Answers what the client says. */
async function refusal(client: OpenstackClient, ...args: readonly string[]): Promise<string> {
  const create = ["server", "create", "--flavor", "small", "--image", "tiny", ...args, "refused"];
  const { exitCode, stderr } = await client.attempt(...create);
  expect(exitCode).toBe(1);
  return stderr;
}

/** Runs `kilonova scheduler …`, which has to end well. */
async function scheduler(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await cloud.command("scheduler", ...args);
  expect([exitCode, stderr]).toEqual([0, ""]);
  return stdout;
}

async function schedulerJson<Schema extends z.ZodType>(schema: Schema, ...args: readonly string[]) {
  return schema.parse(JSON.parse(await scheduler(...args, "--json")));
}

async function filtersInForce(): Promise<readonly string[]> {
  const { chains: found, agree, silent } = await schedulerJson(chains, "chain", "show");
  expect([found.length, agree, silent]).toEqual([1, true, []]);
  const plugins = found[0]?.profiles[0]?.plugins ?? [];
  return plugins.filter(({ kind }) => kind === "filter").map(({ name }) => name);
}

describe("a zone", { timeout: LONG }, () => {
  it("is made of an aggregate, and servers go into it from then on", async () => {
    await admin.run("aggregate", "create", "--zone", "az1", "first");
    await admin.run("aggregate", "add", "host", "first", "compute1");
    const zones = await user.run("availability", "zone", "list", "-f", "value");
    expect(zones.trim().split("\n").sort()).toEqual(["az1 available", "nova available"]);
    const zoned = await boot("zoned", "--availability-zone", "az1");
    expect(zoned).toMatchObject({ status: "ACTIVE", zone: "az1", host: "compute1" });
    const other = await boot("unzoned", "--availability-zone", "nova");
    expect(other).toMatchObject({ status: "ACTIVE", zone: "nova", host: "compute2" });
  });

  it("that is not there is refused in words", async () => {
    const words = /The requested availability zone is not available.*HTTP 400/;
    expect(await refusal(user, "--availability-zone", "mars")).toMatch(words);
  });

  it("may name a host, for administrators alone, and filters are asked about it all the same", async () => {
    const forced = await bootAs(admin, "forced", "--availability-zone", "az1:compute1");
    expect(forced).toMatchObject({ status: "ACTIVE", host: "compute1" });
    const elsewhere = await bootAs(admin, "elsewhere", "--availability-zone", "nova:compute1");
    const fault = "No valid host was found: 1 host: 1 is outside zone nova.";
    expect(elsewhere).toMatchObject({ status: "ERROR", host: null, fault });
    expect(await refusal(user, "--availability-zone", "az1:compute1")).toMatch(/forced_host.*HTTP 403/);
    expect(await refusal(admin, "--availability-zone", "az1:moon")).toMatch(/Compute host moon.*HTTP 400/);
  });

  it("loses a host that is disabled, from the next server on", async () => {
    const set = ["compute", "service", "set"];
    await admin.run(...set, "--disable", "--disable-reason", "repair", "compute1", "nova-compute");
    expect(await boot("evaded")).toMatchObject({ status: "ACTIVE", host: "compute2" });
    expect(await refusal(user, "--availability-zone", "az1")).toContain("zone is not available");
    const on = ["--flavor", "small", "--image", "tiny", "--host", "compute1"];
    const { message } = await schedulerJson(schedulingDecisionSchema, "dry-run", ...on);
    expect(message).toBe("No valid host was found: 1 host: 1 is disabled.");
    await admin.run(...set, "--enable", "compute1", "nova-compute");
    expect(await boot("housed", "--availability-zone", "az1")).toMatchObject({ status: "ACTIVE", host: "compute1" });
  });
});

/** A sentence with its reasons in one order: of equally many hosts either may come first. */
function sorted(sentence: string | undefined): readonly string[] {
  return (sentence ?? "").replace(/\.$/, "").split(/: |, /).sort();
}

describe("a server group of policy anti-affinity", { timeout: LONG }, () => {
  let hint: string;

  it("has its members on different hosts, and says why there is no third", async () => {
    const made = ["server", "group", "create", "--policy", "anti-affinity", "apart", "-f", "value", "-c", "id"];
    hint = `group=${(await user.run(...made)).trim()}`;
    const first = await boot("apart-1", "--hint", hint, "--availability-zone", "az1");
    expect(first).toMatchObject({ status: "ACTIVE", host: "compute1" });
    expect(await boot("apart-2", "--hint", hint)).toMatchObject({ status: "ACTIVE", host: "compute2" });
    const third = await boot("apart-3", "--hint", hint);
    const fault = "No valid host was found: 2 hosts: 2 already hold a member of the server group.";
    expect(third).toMatchObject({ status: "ERROR", host: null, fault });
  });

  it("that is not there is refused in words", async () => {
    const unknown = "group=0c7a1b3e-8f6e-4f0e-9d1c-2b3a4c5d6e7f";
    expect(await refusal(user, "--hint", unknown)).toMatch(/Instance group \S+ could not be found.*HTTP 400/);
  });

  it("is explained by the command as soon as it has been decided", async () => {
    const { id } = await show("apart-3");
    const listed = () => schedulerJson(decisions, "decisions", "--outcome", "no-valid-host", "--server", "apart-3");
    await expect.poll(async () => (await listed()).length, { timeout: SOON }).toBe(1);
    const told = await scheduler("explain", "apart-3");
    expect(told).toContain(`Server     apart-3 (${id})`);
    expect(told).toMatch(/Outcome +no valid host\n +No valid host was found: 2 hosts: 2 already hold a member/);
    expect(told).toMatch(
      /ServerGroupAntiAffinityFilter +2 +0 .*\n +2 {2}already hold a member .*\(not now\) {2}compute\d/,
    );
    const decision = await schedulerJson(schedulingDecisionSchema, "explain", id);
    expect(decision).toMatchObject({ outcome: "no-valid-host", hosts: 2, serverIds: [id], selections: [] });

    const placed = await schedulerJson(schedulingDecisionSchema, "explain", "apart-1");
    expect(placed).toMatchObject({ outcome: "placed", selections: [{ host: "compute1" }], claims: { attempts: 1 } });
    expect(await scheduler("explain", "apart-1")).toMatch(/^Chosen +compute1$/m);
    const shown = await schedulerJson(chains, "chain", "show");
    expect(shown.chains[0]?.profiles.map(({ digest }) => digest)).toEqual([placed.chain]);
  });
});

describe("chains", { timeout: LONG }, () => {
  it("change while schedulers run, which chain show proves", async () => {
    expect(await filtersInForce()).toEqual(FILTERS);
    await cloud.configure(await optionsOf("more-filters"));
    cloud.process("scheduler").child.kill("SIGHUP");
    await expect.poll(filtersInForce, { timeout: SOON }).toEqual([...FILTERS, ...MORE_FILTERS]);
    expect(await scheduler("chain", "show")).toMatch(/ 22 +AggregateInstanceExtraSpecsFilter +filter /);
  });
});

describe("hints and flavors", { timeout: LONG }, () => {
  it("send a server where others are, or are not", async () => {
    const [one, two] = [(await show("apart-1")).id, (await show("apart-2")).id];
    expect(await boot("same", "--hint", `same_host=${two}`)).toMatchObject({ host: "compute2" });
    expect(await boot("other", "--hint", `different_host=${two}`)).toMatchObject({ host: "compute1" });
    const both = ["--hint", `different_host=${one}`, "--hint", `same_host=${one}`];
    const fault = [
      "No valid host was found: 2 hosts: 1 holds a server that the hint different_host names,",
      "1 holds none of the servers that the hint same_host names.",
    ].join(" ");
    const refused = await boot("torn", ...both);
    expect({ ...refused, fault: sorted(refused.fault) }).toMatchObject({ status: "ERROR", fault: sorted(fault) });
  });

  it("ask for what the metadata of aggregates says, and the filter's words are the fault", async () => {
    await admin.run("aggregate", "set", "--property", "ssd=true", "first");
    for (const wish of ["true", "false"]) {
      const spec = `aggregate_instance_extra_specs:ssd=${wish}`;
      await admin.run(
        "flavor",
        "create",
        "--ram",
        "64",
        "--vcpus",
        "1",
        "--disk",
        "1",
        "--property",
        spec,
        `ssd-${wish}`,
      );
    }
    expect(await boot("fast", "--flavor", "ssd-true")).toMatchObject({ status: "ACTIVE", host: "compute1" });
    const slow = await boot("slow", "--flavor", "ssd-false");
    const spec = "aggregate_instance_extra_specs:ssd=false";
    const fault = `No valid host was found: 2 hosts: 1 does not match extra spec ${spec}, 1 is in no aggregate with ssd, which extra spec ${spec} asks for.`;
    expect({ ...slow, fault: sorted(slow.fault) }).toMatchObject({ status: "ERROR", host: null, fault: sorted(fault) });
  });
});

describe("a dry run", { timeout: LONG }, () => {
  it("says where servers would go before and after a change, and claims nothing", async () => {
    const ask = ["dry-run", "--flavor", "ssd-false", "--image", "tiny"];
    const before = await schedulerJson(schedulingDecisionSchema, ...ask);
    expect(before).toMatchObject({ outcome: "dry-run", hosts: 2, selections: [], claims: { attempts: 0 } });
    expect(before.message).toContain("1 is in no aggregate with ssd");
    expect(await scheduler(...ask)).toMatch(/dry run: it would not be placed\n +No valid host was found: 2 hosts/);

    await admin.run("aggregate", "create", "--property", "ssd=false", "second");
    await admin.run("aggregate", "add", "host", "second", "compute2");
    const after = await schedulerJson(schedulingDecisionSchema, ...ask, "--count", "3");
    expect(after).toMatchObject({ message: null, claims: { attempts: 0 } });
    expect(after.selections.map(({ host }) => host)).toEqual(["compute2", "compute2", "compute2"]);
    expect(await scheduler(...ask)).toMatch(/dry run: it would be placed; nothing was claimed/);
    const listed = await schedulerJson(decisions, "decisions", "--outcome", "dry-run");
    expect(listed).toEqual([]);
  });

  it("is refused in words where it makes no sense", async () => {
    const refusals: readonly (readonly [readonly string[], RegExp])[] = [
      [["--flavor", "none", "--image", "tiny"], /There is no flavor none\./],
      [["--flavor", "small", "--image", "none"], /There is no image none\./],
      [["--flavor", "small", "--image", "tiny", "--availability-zone", "mars"], /zone is not available \(400\)/],
      [["--flavor", "small", "--image", "tiny", "--host", "moon"], /Compute host moon could not be found \(400\)/],
    ];
    for (const [args, words] of refusals) {
      const { exitCode, stdout, stderr } = await cloud.command("scheduler", "dry-run", ...args);
      expect([exitCode, stdout, stderr]).toEqual([1, "", expect.stringMatching(words)]);
    }
    const unknown = await schedulerJson(
      schedulingDecisionSchema,
      ...["dry-run", "--flavor", "small", "--image", "tiny", "--profile", "nope"],
    );
    expect(unknown.message).toBe("No valid host can be found: there is no scheduler profile nope.");
  });
});
