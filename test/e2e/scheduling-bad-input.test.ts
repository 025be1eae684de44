import type { RestClient } from "@kilonova/deployment";
import { messageOf } from "@kilonova/messaging";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { login, seed } from "./many-servers.js";
import { SeparateProcesses } from "./separate-processes.js";

/** Servers of one table are asked for at once, and waited for together. */
const LONG = 240_000;
const NOBODY = "0c7a1b3e-8f6e-4f0e-9d1c-2b3a4c5d6e7f";
const QUERY = "No valid host was found: 2 hosts: 2 cannot match the query of the hints, which";
const CANNOT = "No valid host was found: 2 hosts: 2 cannot match extra spec";
const NOT_ASKABLE = "No valid host can be found: the flavor";

let cloud: SeparateProcesses;
let user: RestClient;
let admin: RestClient;
let refs: { readonly flavorRef: string; readonly imageRef: string };

beforeAll(async () => {
  const filters = [
    "ComputeFilter",
    "ComputeCapabilitiesFilter",
    "ImagePropertiesFilter",
    "ServerGroupAntiAffinityFilter",
    "ServerGroupAffinityFilter",
    "AggregateInstanceExtraSpecsFilter",
    "AggregateIoOpsFilter",
    "AggregateNumInstancesFilter",
    "JsonFilter",
    "SameHostFilter",
    "DifferentHostFilter",
    "SimpleCIDRAffinityFilter",
  ];
  const quota = { instances: -1, cores: -1, ram: -1 };
  cloud = await SeparateProcesses.start("fake", [], { scheduler: { filters }, quota });
  [user, admin] = [await login(cloud.cloudsFile, "kilonova"), await login(cloud.cloudsFile, "kilonova-admin")];
  refs = await seed(admin);
});
afterAll(() => cloud?.destroy());

interface Wish {
  /** Of a flavor that is made for it. */
  readonly flavor?: Readonly<Record<string, number>>;
  readonly extraSpecs?: Readonly<Record<string, string>>;
  readonly hints?: Readonly<Record<string, unknown>>;
  readonly server?: Readonly<Record<string, unknown>>;
}

let flavors = 0;

async function flavorFor({ flavor, extraSpecs = {} }: Wish): Promise<string> {
  if (!flavor && Object.keys(extraSpecs).length === 0) return refs.flavorRef;
  const made = z.object({ flavor: z.object({ id: z.string() }) });
  const body = { name: `flavor-${flavors++}`, vcpus: 1, ram: 32, disk: 1, ...flavor };
  const { id } = (await admin.json(made, "POST", "compute", "/flavors", { flavor: body })).flavor;
  if (Object.keys(extraSpecs).length > 0) {
    await admin.json(z.unknown(), "POST", "compute", `/flavors/${id}/os-extra_specs`, { extra_specs: extraSpecs });
  }
  return id;
}

/** Asks for a server. Answers its id. @throws with the status and the words of a refusal */
async function ask(wish: Wish, client = user): Promise<string> {
  const server = { name: "wish", ...refs, flavorRef: await flavorFor(wish), networks: "none", ...wish.server };
  const hints = wish.hints ? { "os:scheduler_hints": wish.hints } : {};
  const made = z.object({ server: z.object({ id: z.string() }) });
  return (await client.json(made, "POST", "compute", "/servers", { server, ...hints })).server.id;
}

/** How a server ended: where it is, or its fault. */
async function endOf(id: string): Promise<string> {
  const host = z.string().nullable();
  const fault = z.object({ message: z.string() }).optional();
  const shown = z.object({ server: z.object({ status: z.string(), "OS-EXT-SRV-ATTR:host": host, fault }) });
  const read = async () => (await admin.json(shown, "GET", "compute", `/servers/${id}`)).server;
  await expect.poll(async () => (await read()).status, { timeout: 60_000, interval: 250 }).not.toBe("BUILD");
  const { status, "OS-EXT-SRV-ATTR:host": where, fault: why } = await read();
  return status === "ACTIVE" ? `on ${where}` : (why?.message ?? status);
}

/** The servers that placement holds something for. */
async function claimants(): Promise<readonly string[]> {
  const client = new Client({ connectionString: cloud.databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query("SELECT DISTINCT consumer_id AS id FROM placement.allocations ORDER BY 1");
    return z
      .array(z.object({ id: z.string() }))
      .parse(rows)
      .map(({ id }) => id);
  } finally {
    await client.end();
  }
}

async function refusalOf(wish: Wish, client = user): Promise<string> {
  return await ask(wish, client).then(
    () => "it was taken",
    (error: unknown) => messageOf(error),
  );
}

const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

describe("a request that makes no sense", { timeout: LONG }, () => {
  const rows: readonly (readonly [what: string, wish: Wish, words: RegExp])[] = [
    ["a zone that is not there", { server: { availability_zone: "mars" } }, /zone is not available/],
    ["more colons than a zone has", { server: { availability_zone: "a:b:c:d" } }, /Unable to parse availability_zone/],
    ["a group that is not there", { hints: { group: NOBODY } }, /Instance group \S+ could not be found/],
    ["a group by its name", { hints: { group: "apart" } }, /scheduler_hints\/group must match/],
    ["a different_host that is no id", { hints: { different_host: ["web"] } }, /different_host/],
    ["an address that is none", { hints: { build_near_host_ip: "10.0.0.300" } }, /build_near_host_ip/],
    ["a query that is no JSON", { hints: { query: '["=", ' } }, /Invalid scheduler hint query: it is not JSON/],
    ["a query that is too deep", { hints: { query: deep(33) } }, /query: it is nested more than 32 deep/],
    ["a query that is far too deep", { hints: { query: deep(30_000) } }, /query: it is nested more than 32 deep/],
    ["a query that is too long", { hints: { query: `["=", "${"x".repeat(65_536)}"]` } }, /more than 65536 bytes/],
    ["a hint that is too deep", { hints: { colour: JSON.parse(deep(1_000)) } }, /body: it is nested more than 64 deep/],
    ["half of a character", { hints: { colour: "a\ud800" } }, /Malformed request body/],
    [
      "an address for several servers",
      { server: { networks: [{ uuid: NOBODY, fixed_ip: "10.0.0.9" }], max_count: 2 } },
      /multiple instances cannot have one fixed IP/,
    ],
  ];

  it.each(rows)("is a 400 in words: %s", async (_, wish, words) => {
    const refusal = await refusalOf(wish);
    expect(refusal).toMatch(/ failed: 400 \{"badRequest":/);
    expect(refusal).toMatch(words);
  });

  it("leaves no server and no claim behind", async () => {
    const servers = z.object({ servers: z.array(z.unknown()) });
    expect((await user.json(servers, "GET", "compute", "/servers")).servers).toEqual([]);
    expect(await claimants()).toEqual([]);
  });
});

describe("a request that no host can serve", { timeout: LONG }, () => {
  const specs = (extraSpecs: Wish["extraSpecs"] & object): Wish => ({ extraSpecs });
  const query = (value: string): Wish => ({ hints: { query: value } });
  const none = (words: string) => `No valid host was found: 2 hosts: 2 ${words}.`;
  const rows: readonly (readonly [wish: Wish, fault: string])[] = [
    [{ flavor: { ram: 2_000_000_000 } }, none("are too small for 2000000000 MB of memory")],
    [{ flavor: { vcpus: 2_147_483_647 } }, none("are too small for 2147483647 vCPUs")],
    [{ flavor: { disk: 2_147_483_647 } }, none("are too small for 2147483647 GB of disk")],
    [specs({ "trait:NOPE": "required" }), none("lack the trait NOPE")],
    [specs({ "trait:CUSTOM_NOPE": "required" }), none("lack the trait CUSTOM_NOPE")],
    [specs({ "trait:COMPUTE_IMAGE_TYPE_RAW": "forbidden" }), none("have the forbidden trait COMPUTE_IMAGE_TYPE_RAW")],
    [specs({ "resources:CUSTOM_GOLD": "1" }), none("have no CUSTOM_GOLD to give")],
    [specs({ "resources:NOPE": "1" }), none("have no NOPE to give")],
    [specs({ "resources:VCPU": "999999999999999" }), none("are too small for 999999999999999 vCPUs")],
    [specs({ "trait:nope": "required" }), `${NOT_ASKABLE}'s extra spec trait:nope=required names no trait.`],
    [specs({ "trait:X": "maybe" }), `${NOT_ASKABLE}'s extra spec trait:X=maybe is neither required nor forbidden.`],
    [specs({ "resources:gold": "1" }), `${NOT_ASKABLE}'s extra spec resources:gold=1 names no resource class.`],
    [specs({ "resources:VCPU": "two" }), `${NOT_ASKABLE}'s extra spec resources:VCPU=two is no amount.`],
    [specs({ "resources:VCPU": "-1" }), `${NOT_ASKABLE}'s extra spec resources:VCPU=-1 is no amount.`],
    [specs({ group_policy: "odd" }), `${NOT_ASKABLE}'s extra spec group_policy=odd is neither none nor isolate.`],
    [
      specs({ "resources1:CUSTOM_A": "1", "resources2:CUSTOM_B": "1" }),
      `${NOT_ASKABLE} asks for several groups of resources, and its extra spec group_policy does not say whether they may come from one provider.`,
    ],
    [
      specs({ "capabilities:free_ram_mb": ">= lots" }),
      `${CANNOT} capabilities:free_ram_mb=>= lots, which has no number after >=.`,
    ],
    [
      specs({ "capabilities:hypervisor_type": "<or>" }),
      `${CANNOT} capabilities:hypervisor_type=<or>, which has no value after <or>.`,
    ],
    [
      specs({ "aggregate_instance_extra_specs:ssd": "<in>" }),
      `${CANNOT} aggregate_instance_extra_specs:ssd=<in>, which has no value after <in>.`,
    ],
    [specs({ "capabilities:nope": "1" }), none("do not tell of nope, which extra spec capabilities:nope=1 asks for")],
    [{ hints: { scheduler_profile: "nope" } }, "No valid host can be found: there is no scheduler profile nope."],
    [{ hints: { same_host: NOBODY } }, none("hold none of the servers that the hint same_host names")],
    [{ hints: { build_near_host_ip: "198.51.100.1" } }, none("have no address in 198.51.100.1/24")],
    [
      { hints: { build_near_host_ip: "192.0.2.1", cidr: "/99" } },
      none("cannot match the hints build_near_host_ip and cidr, which are no address and mask"),
    ],
    [query('["nope", "$host", "a"]'), `${QUERY} has an operator that there is not: "nope".`],
    [query("7"), `${QUERY} is no list of an operator and operands.`],
    [query('{"and": []}'), `${QUERY} is no list of an operator and operands.`],
    [query(deep(32)), `${QUERY} has an operator that there is not: object.`],
    [query(`["or"${',["=","$host","x"]'.repeat(3_000)}]`), `${QUERY} has more than 1000 operators.`],
    [query('["=", "$constructor", "x"]'), none("do not match the query of the hints")],
  ];

  it("ends in a fault that says what is missing, and holds nothing", async () => {
    const asked = await Promise.all(rows.map(async ([wish]) => ask(wish)));
    const faults = await Promise.all(asked.map(endOf));
    expect(faults).toEqual(rows.map(([, fault]) => fault));
    expect(await claimants()).toEqual([]);
  });

  it("claims nothing for those of several servers for which there is room", async () => {
    const made = z.object({ server_group: z.object({ id: z.string() }) });
    const body = { server_group: { name: "apart", policy: "anti-affinity" } };
    const { server_group: group } = await user.json(made, "POST", "compute", "/os-server-groups", body);
    const id = await ask({ hints: { group: group.id }, server: { min_count: 3, max_count: 3 } });
    expect(await endOf(id)).toBe(
      "No valid host was found for 1 of 3 servers: 2 hosts: 2 already hold a member of the server group.",
    );
    expect(await claimants()).toEqual([]);
  });
});

async function active(): Promise<readonly unknown[]> {
  const listed = z.object({ servers: z.array(z.unknown()) });
  return (await user.json(listed, "GET", "compute", "/servers?status=ACTIVE")).servers;
}

describe("what nobody knows", { timeout: LONG }, () => {
  it("is passed over: hints, and servers that a server is to be apart from", async () => {
    const wishes: readonly Wish[] = [
      { hints: { colour: { any: ["thing"] } } },
      { hints: { constructor: "x", toString: "y" } },
      { hints: { different_host: [NOBODY] } },
      { hints: { same_host: [], query: {} } },
      { extraSpecs: { "trait:CUSTOM_NOPE": "forbidden", "acme:anything": "<or>" } },
    ];
    const asked = await Promise.all(wishes.map(async (wish) => ask(wish)));
    for (const end of await Promise.all(asked.map(endOf))) expect(end).toMatch(/^on compute[12]$/);
    expect(await claimants()).toEqual([...asked].sort());
    await Promise.all(asked.map((id) => user.delete("compute", `/servers/${id}`)));
    await expect.poll(claimants, { timeout: 60_000, interval: 250 }).toEqual([]);
    // What they had is given back before they are gone, and until then their hosts cannot change zones.
    await expect.poll(active, { timeout: 60_000, interval: 250 }).toEqual([]);
  });
});

describe("aggregates that contradict one another", { timeout: LONG }, () => {
  const made = z.object({ aggregate: z.object({ id: z.number() }) });

  async function aggregate(name: string, metadata: object): Promise<number> {
    const { id } = (await admin.json(made, "POST", "compute", "/os-aggregates", { aggregate: { name } })).aggregate;
    await act(id, { add_host: { host: "compute1" } });
    await act(id, { set_metadata: { metadata } });
    return id;
  }

  async function act(id: number, action: object): Promise<unknown> {
    return await admin.json(z.unknown(), "POST", "compute", `/os-aggregates/${id}/action`, action);
  }

  const onFirst: Wish = { server: { host: "compute1" } };
  const end = async (wish: Wish) => endOf(await ask(wish, admin));

  it("cannot put a host into two zones", async () => {
    const [one, two] = [await aggregate("one", { availability_zone: "az1" }), await aggregate("two", {})];
    const zone = { set_metadata: { metadata: { availability_zone: "az2" } } };
    await expect(act(two, zone)).rejects.toThrow(/failed: 400 .*already in availability zone\(s\) \['az1'\]/);
    const other = { aggregate: { name: "three", availability_zone: "az3" } };
    const { id } = (await admin.json(made, "POST", "compute", "/os-aggregates", other)).aggregate;
    await expect(act(id, { add_host: { host: "compute1" } })).rejects.toThrow(
      /failed: 409 .*already in availability zone/,
    );
    await act(one, { remove_host: { host: "compute1" } });
  });

  it("limit a host by the least that they say, and by nothing that is no number", async () => {
    const [one, two] = [
      await aggregate("many", { max_instances_per_host: "1000" }),
      await aggregate("few", { max_instances_per_host: "0", max_io_ops_per_host: "lots" }),
    ];
    expect(await end(onFirst)).toBe("No valid host was found: 1 host: 1 holds 0 or more servers.");
    await act(two, { set_metadata: { metadata: { max_instances_per_host: "some" } } });
    expect(await end(onFirst)).toBe("on compute1");
    await act(one, { set_metadata: { metadata: { max_instances_per_host: null, max_io_ops_per_host: "0" } } });
    await act(two, { set_metadata: { metadata: { max_io_ops_per_host: "9" } } });
    expect(await end(onFirst)).toBe("No valid host was found: 1 host: 1 has 0 or more operations going on.");
    await act(one, { set_metadata: { metadata: { max_io_ops_per_host: null } } });
  });

  it("match where one of them says what is asked for, and weigh as far as they can be read", async () => {
    await aggregate("ssd", { ssd: "true", ram_weight_multiplier: "heavy" });
    await aggregate("disk", { ssd: "false", cpu_weight_multiplier: "1e999" });
    for (const ssd of ["true", "false"]) {
      expect(await end({ ...onFirst, extraSpecs: { "aggregate_instance_extra_specs:ssd": ssd } })).toBe("on compute1");
    }
    const unlike = { ...onFirst, extraSpecs: { "aggregate_instance_extra_specs:ssd": "maybe" } };
    const words = "1 does not match extra spec aggregate_instance_extra_specs:ssd=maybe";
    expect(await end(unlike)).toBe(`No valid host was found: 1 host: ${words}.`);
  });
});
