import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HOST, NETWORK, sampleImage } from "../testing/fake-peers.js";
import { at, IMAGE, LiveApi, OTHER_PROJECT, PROJECT } from "../testing/live-api.js";

const BASE = "http://cloud.test/compute";
let api: LiveApi;

beforeAll(async () => {
  api = await LiveApi.start({ instances: -1, cores: -1, ram: -1 });
});
afterAll(() => api.stop());
beforeEach(() => {
  api.peers.wakes.length = 0;
});

async function count(table: string): Promise<number> {
  const { rows } = await api.database.execute(sql`select count(*)::integer as count from ${sql.raw(table)}`);
  return Number(rows[0]?.["count"]);
}

describe("creating servers", () => {
  test("the answer is what clients expect, and a conductor is woken for the operation", async () => {
    const answer = await api.post("/servers", { server: { name: "web", imageRef: IMAGE, flavorRef: "1" } });

    expect(answer.status).toBe(202);
    const id = String(at(answer, "server", "id"));
    expect(answer.headers["location"]).toBe(`${BASE}/v2.1/servers/${id}`);
    expect(answer.body).toEqual({
      server: {
        id,
        links: [
          { rel: "self", href: `${BASE}/v2.1/servers/${id}` },
          { rel: "bookmark", href: `${BASE}/servers/${id}` },
        ],
        "OS-DCF:diskConfig": "MANUAL",
        security_groups: [{ name: "default" }],
        adminPass: expect.stringMatching(/^\w{12}$/),
      },
    });
    const { rows } = await api.database.execute(
      sql`select o.id, o.stage, o.state, s.vm_state, s.task_state, s.project_id, r.spec
          from compute.servers s join compute.operations o on o.server_id = s.id join compute.request_specs r on r.server_id = s.id
          where s.id = ${id}`,
    );
    expect(rows).toMatchObject([
      {
        stage: "conductor",
        state: "pending",
        vm_state: "building",
        task_state: "scheduling",
        project_id: PROJECT,
        spec: {
          reason: "create",
          networks: "auto",
          flavor: { id: "1", vcpus: 1 },
          image: { id: IMAGE, diskFormat: "raw" },
        },
      },
    ]);
    await expect
      .poll(() => api.peers.wakes)
      .toContainEqual({ method: "scheduleAndBuildServers", operationIds: [rows[0]?.["id"]] });
  });

  test("all that was asked for is kept and shown", async () => {
    const keys = {
      keypair: {
        name: "mine",
        public_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me",
      },
    };
    await api.post("/os-keypairs", keys, { version: "2.2" });
    const id = await api.createServer(
      {
        name: "My server",
        key_name: "mine",
        metadata: { role: "web" },
        user_data: "aGVsbG8=",
        config_drive: "True",
        availability_zone: "nova",
        description: "for tests",
        networks: [{ uuid: NETWORK, fixed_ip: "10.0.0.9" }],
        accessIPv4: "192.0.2.1",
        "OS-DCF:diskConfig": "AUTO",
        hostname: "chosen",
      },
      { version: "2.90" },
    );
    const shown = await api.get(`/servers/${id}`, { as: "admin", version: "2.96" });

    expect(shown.body).toMatchObject({
      server: {
        name: "My server",
        status: "BUILD",
        key_name: "mine",
        metadata: { role: "web" },
        config_drive: "True",
        "OS-EXT-AZ:availability_zone": "nova",
        pinned_availability_zone: "nova",
        description: "for tests",
        accessIPv4: "192.0.2.1",
        accessIPv6: "",
        "OS-DCF:diskConfig": "AUTO",
        "OS-EXT-SRV-ATTR:hostname": "chosen",
        "OS-EXT-SRV-ATTR:user_data": "aGVsbG8=",
        "OS-EXT-STS:task_state": "scheduling",
      },
    });
    const { rows } = await api.database.execute(sql`select spec from compute.request_specs where server_id = ${id}`);
    expect(rows[0]?.["spec"]).toMatchObject({ networks: [{ networkId: NETWORK, fixedAddress: "10.0.0.9" }] });
  });

  test("several servers of one request are numbered, and found by its reservation", async () => {
    const body = {
      server: {
        name: "fleet",
        imageRef: IMAGE,
        flavorRef: "1",
        min_count: 2,
        max_count: "3",
        return_reservation_id: true,
      },
    };
    const answer = await api.post("/servers", body);
    const reservation = String(at(answer, "reservation_id"));

    expect(answer.body).toEqual({ reservation_id: reservation });
    const found = await api.get(`/servers?reservation_id=${reservation}&sort_key=display_name&sort_dir=asc`);
    const servers = at(found, "servers") as { name: string }[];
    expect(servers.map(({ name }) => name)).toEqual(["fleet-1", "fleet-2", "fleet-3"]);
    await expect.poll(() => api.peers.wakes.map(({ operationIds }) => operationIds.length)).toContain(3);
  });

  test("a conductor that cannot be woken does not fail the request", async () => {
    const nobody = await LiveApi.start();
    try {
      await nobody.peers.leave("conductor");
      const id = await nobody.createServer();
      expect((await nobody.get(`/servers/${id}`)).status).toBe(200);
    } finally {
      await nobody.stop();
    }
  });

  test.each([
    ["no name", { imageRef: IMAGE, flavorRef: "1" }, /name/],
    ["an unknown key", { name: "a", imageRef: IMAGE, flavorRef: "1", colour: "red" }, /colour/],
    ["a name of blanks", { name: " a", imageRef: IMAGE, flavorRef: "1" }, /name/],
    ["an unknown flavor", { name: "a", imageRef: IMAGE, flavorRef: "nope" }, /Flavor nope could not be found/],
    ["no image", { name: "a", flavorRef: "1" }, /Invalid imageRef provided/],
    [
      "an unknown image",
      { name: "a", imageRef: "00000000-0000-4000-8000-000000000000", flavorRef: "1" },
      /Can not find requested image/,
    ],
    [
      "an unknown key pair",
      { name: "a", imageRef: IMAGE, flavorRef: "1", key_name: "nope" },
      /Invalid key_name provided/,
    ],
    [
      "an unknown network",
      { name: "a", imageRef: IMAGE, flavorRef: "1", networks: [{ uuid: "c0ffee00-0000-4000-8000-00000000dead" }] },
      /could not be found/,
    ],
    ["a port", { name: "a", imageRef: IMAGE, flavorRef: "1", networks: [{ port: IMAGE }] }, /Ports/],
    [
      "an address that is none",
      { name: "a", imageRef: IMAGE, flavorRef: "1", networks: [{ uuid: NETWORK, fixed_ip: "10.0.0.300" }] },
      /./,
    ],
    [
      "more at least than at most",
      { name: "a", imageRef: IMAGE, flavorRef: "1", min_count: 3, max_count: 2 },
      /min_count must be <= max_count/,
    ],
    [
      "more servers than one request makes",
      { name: "a", imageRef: IMAGE, flavorRef: "1", min_count: 1_001 },
      /min_count must be <= 1000/,
    ],
    ["no server at all", { name: "a", imageRef: IMAGE, flavorRef: "1", max_count: 0 }, /max_count/],
    ["metadata of numbers", { name: "a", imageRef: IMAGE, flavorRef: "1", metadata: { one: 1 } }, /metadata/],
    [
      "a zone that does not exist",
      { name: "a", imageRef: IMAGE, flavorRef: "1", availability_zone: "mars" },
      /availability zone/,
    ],
    ["user data that is not base64", { name: "a", imageRef: IMAGE, flavorRef: "1", user_data: "%%%" }, /user_data/],
    [
      "a file to inject",
      { name: "a", imageRef: IMAGE, flavorRef: "1", personality: [{ path: "/etc/x", contents: "eA==" }] },
      /personality/,
    ],
    [
      "a volume",
      {
        name: "a",
        flavorRef: "1",
        block_device_mapping_v2: [{ source_type: "volume", destination_type: "volume", uuid: IMAGE, boot_index: 0 }],
      },
      /not supported/,
    ],
    [
      "a security group that does not exist",
      { name: "a", imageRef: IMAGE, flavorRef: "1", security_groups: [{ name: "web" }] },
      /Security group web not found/,
    ],
  ])("%s is a 400 in words, and leaves nothing behind", async (_, server, words) => {
    const before = [await count("compute.servers"), await count("compute.operations")];
    const answer = await api.post("/servers", { server });

    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ badRequest: { code: 400, message: expect.stringMatching(words) } });
    expect([await count("compute.servers"), await count("compute.operations")]).toEqual(before);
  });

  test.each([
    ["not active", { status: "queued" as const }, "1", /is not active/],
    ["in need of more memory", { minRam: 4096 }, "1", /memory is too small/],
    ["in need of a larger disk", { minDisk: 5 }, "1", /minimum size specified in image metadata/],
    ["larger than the disk", { size: 2 * 1024 ** 3 }, "1", /disk is too small for requested image/],
  ])("an image that is %s is a 400", async (_, changes, flavorRef, words) => {
    const id = "2badcafe-0000-4000-8000-000000000002";
    api.peers.images.set(id, sampleImage(id, changes));
    const answer = await api.post("/servers", { server: { name: "a", imageRef: id, flavorRef } });
    expect(answer.status).toBe(400);
    expect(at(answer, "badRequest", "message")).toMatch(words);
  });

  test("the one block device that is an image on the host's own disk is the image", async () => {
    const device = {
      source_type: "image",
      destination_type: "local",
      boot_index: 0,
      uuid: IMAGE,
      delete_on_termination: true,
    };
    const id = await api.createServer({ imageRef: "", block_device_mapping_v2: [device] });
    expect(at(await api.get(`/servers/${id}`), "server", "image", "id")).toBe(IMAGE);
  });

  test("a flavor without a disk is for administrators", async () => {
    const server = { name: "a", imageRef: IMAGE, flavorRef: "zero" };
    expect((await api.post("/servers", { server })).status).toBe(403);
    expect((await api.post("/servers", { server }, { as: "admin" })).status).toBe(202);
  });

  test("only administrators name hosts, and only hosts that exist", async () => {
    const server = { name: "a", imageRef: IMAGE, flavorRef: "1" };
    const inZone = (host: string) => ({ server: { ...server, availability_zone: `nova:${host}` } });
    const byName = (host: string) => ({ server: { ...server, host, networks: "none" } });

    expect((await api.post("/servers", inZone(HOST))).status).toBe(403);
    expect((await api.post("/servers", byName(HOST), { version: "2.74" })).status).toBe(403);
    expect((await api.post("/servers", byName(HOST), { as: "admin", version: "2.73" })).status).toBe(400);
    expect((await api.post("/servers", inZone("nowhere"), { as: "admin" })).status).toBe(400);
    const made = await api.post("/servers", inZone(HOST), { as: "admin" });
    expect(made.status).toBe(202);
    const { rows } = await api.database.execute(
      sql`select spec from compute.request_specs where server_id = ${String(at(made, "server", "id"))}`,
    );
    expect(rows[0]?.["spec"]).toMatchObject({ forcedHost: HOST, availabilityZone: "nova" });
  });

  test("one who may only read makes no servers", async () => {
    const answer = await api.post(
      "/servers",
      { server: { name: "a", imageRef: IMAGE, flavorRef: "1" } },
      { as: "reader" },
    );
    expect(answer.status).toBe(403);
    expect(at(answer, "forbidden", "code")).toBe(403);
  });

  // From which microversion on a key is known, and up to which.
  test.each([
    ["description", "words", 19, 96],
    ["tags", [], 52, 96],
    ["personality", [], 1, 56],
    ["trusted_image_certificates", null, 63, 96],
    ["host", HOST, 74, 96],
    ["hostname", "chosen", 90, 96],
    ["hostname", "chosen.example.org", 94, 96],
    ["networks", "none", 37, 96],
  ])("%s: %j is taken from 2.%i to 2.%i", async (key, value, from, to) => {
    for (const minor of new Set([1, 18, 19, 36, 37, 51, 52, 56, 57, 62, 63, 73, 74, 89, 90, 93, 94, 96])) {
      const networks = minor >= 37 ? { networks: "auto" } : {};
      const server = { name: "a", imageRef: IMAGE, flavorRef: "1", ...networks, [key]: value };
      const { status } = await api.post("/servers", { server }, { as: "admin", version: `2.${minor}` });
      expect([minor, status]).toEqual([minor, minor >= from && minor <= to ? 202 : 400]);
    }
  });

  test("from 2.37 on networks have to be named", async () => {
    const body = { server: { name: "a", imageRef: IMAGE, flavorRef: "1" } };
    expect((await api.post("/servers", body, { version: "2.36" })).status).toBe(202);
    expect((await api.post("/servers", body, { version: "2.37" })).status).toBe(400);
  });
});

describe("looking at servers", () => {
  // The key, the first microversion that shows it, the last one, and to whom.
  const KEYS: readonly [key: string, from: number, to: number, to_whom: "everyone" | "admin"][] = [
    ["locked", 9, 96, "everyone"],
    ["description", 19, 96, "everyone"],
    ["tags", 26, 96, "everyone"],
    ["trusted_image_certificates", 63, 96, "everyone"],
    ["server_groups", 71, 96, "everyone"],
    ["locked_reason", 73, 96, "everyone"],
    ["pinned_availability_zone", 96, 96, "everyone"],
    ["host_status", 16, 96, "admin"],
    ["OS-EXT-SRV-ATTR:host", 1, 96, "admin"],
    ["OS-EXT-SRV-ATTR:instance_name", 1, 96, "admin"],
    ["OS-EXT-SRV-ATTR:reservation_id", 3, 96, "admin"],
    ["OS-EXT-SRV-ATTR:user_data", 3, 96, "admin"],
  ];

  test("each key is shown from the microversion that brought it, to those who may see it", async () => {
    const id = await api.createServer();
    await api.activate(id);
    for (let minor = 1; minor <= 96; minor++) {
      for (const as of ["member", "admin"] as const) {
        const answer = await api.get(`/servers/${id}`, { as, version: `2.${minor}` });
        expect(answer.status).toBe(200);
        const server = at(answer, "server") as Record<string, unknown>;
        const shown = KEYS.filter(([key]) => key in server).map(([key]) => key);
        const expected = KEYS.filter(
          ([, from, to, whom]) => minor >= from && minor <= to && (whom === "everyone" || as === "admin"),
        ).map(([key]) => key);
        expect([minor, as, shown]).toEqual([minor, as, expected]);
        expect("OS-EXT-SRV-ATTR:hostname" in server).toBe(as === "admin" ? minor >= 3 : minor >= 90);
        expect("id" in (server["flavor"] as object)).toBe(minor < 47);
      }
    }
  });

  test("an active server shows all that it is", async () => {
    const id = await api.createServer({ metadata: { a: "b" } });
    await api.activate(id);
    const { body } = await api.get(`/servers/${id}`);

    const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(body).toEqual({
      server: {
        id,
        name: "web",
        status: "ACTIVE",
        progress: 0,
        tenant_id: PROJECT,
        user_id: "user-1",
        metadata: { a: "b" },
        hostId: expect.stringMatching(/^[0-9a-f]{56}$/),
        image: { id: IMAGE, links: [{ rel: "bookmark", href: `${BASE}/images/${IMAGE}` }] },
        flavor: { id: "1", links: [{ rel: "bookmark", href: `${BASE}/flavors/1` }] },
        created: instant,
        updated: instant,
        addresses: {
          private: [
            {
              version: 4,
              addr: "10.0.0.5",
              "OS-EXT-IPS:type": "fixed",
              "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:01",
            },
          ],
        },
        accessIPv4: "",
        accessIPv6: "",
        links: [
          { rel: "self", href: `${BASE}/v2.1/servers/${id}` },
          { rel: "bookmark", href: `${BASE}/servers/${id}` },
        ],
        "OS-DCF:diskConfig": "MANUAL",
        "OS-EXT-AZ:availability_zone": "nova",
        config_drive: "",
        key_name: null,
        "OS-SRV-USG:launched_at": expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/),
        "OS-SRV-USG:terminated_at": null,
        security_groups: [{ name: "default" }],
        "OS-EXT-STS:task_state": null,
        "OS-EXT-STS:vm_state": "active",
        "OS-EXT-STS:power_state": 1,
        "os-extended-volumes:volumes_attached": [],
      },
    });
    const newer = await api.get(`/servers/${id}`, { version: "2.47" });
    expect(at(newer, "server", "flavor")).toEqual({
      vcpus: 1,
      ram: 512,
      disk: 1,
      ephemeral: 0,
      swap: 0,
      original_name: "m1.1",
      extra_specs: { "hw:sample": "yes" },
    });
  });

  test("a fault is shown with the error, its details to administrators", async () => {
    const id = await api.createServer();
    await api.finish(id);
    await api.setState(id, "error", null);
    await api.database.execute(
      sql`insert into compute.server_faults (server_id, code, message, details) values (${id}, 500, 'No valid host was found.', 'trace')`,
    );
    expect(at(await api.get(`/servers/${id}`), "server", "fault")).toEqual({
      code: 500,
      created: expect.any(String),
      message: "No valid host was found.",
    });
    expect(at(await api.get(`/servers/${id}`, { as: "admin" }), "server", "fault", "details")).toBe("trace");
  });

  test("the project's servers alone are listed, unless an administrator asks for all", async () => {
    const mine = await api.createServer({ name: "mine" });
    const theirs = await api.createServer({ name: "theirs" }, { as: "stranger" });
    const ids = async (path: string, as: "member" | "stranger" | "admin") =>
      (at(await api.get(path, { as }), "servers") as { id: string }[]).map(({ id }) => id);

    expect(await ids("/servers?name=mine|theirs", "member")).toEqual([mine]);
    expect(await ids("/servers/detail?name=mine|theirs", "stranger")).toEqual([theirs]);
    expect(await ids("/servers?name=mine|theirs", "admin")).toEqual([]);
    expect(await ids("/servers?name=mine|theirs&all_tenants=1", "admin")).toEqual([theirs, mine]);
    expect(await ids(`/servers?all_tenants&project_id=${OTHER_PROJECT}`, "admin")).toEqual([theirs]);
    expect((await api.get("/servers?all_tenants=1")).status).toBe(403);
  });

  test("another project's server does not exist, whatever is done to it", async () => {
    const id = await api.createServer();
    const as = "stranger" as const;
    for (const answer of [
      await api.get(`/servers/${id}`, { as }),
      await api.put(`/servers/${id}`, { server: { name: "x" } }, { as }),
      await api.delete(`/servers/${id}`, { as }),
      await api.post(`/servers/${id}/action`, { "os-stop": null }, { as }),
      await api.get(`/servers/${id}/os-instance-actions`, { as }),
      await api.get(`/servers/${id}/metadata`, { as }),
      await api.get(`/servers/${id}/ips`, { as }),
      await api.get("/servers/not-an-id"),
    ]) {
      expect(answer.status).toBe(404);
      expect(at(answer, "itemNotFound", "message")).toMatch(/^Instance .* could not be found\.$/);
    }
  });

  test("pages follow one another by their links", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) ids.push(await api.createServer({ name: `page-${index}` }));
    const found: string[] = [];
    let path: string | undefined = "/servers/detail?limit=2&name=page-&sort_key=display_name&sort_dir=asc";
    while (path !== undefined) {
      const answer = await api.get(path);
      expect(answer.status).toBe(200);
      found.push(...(at(answer, "servers") as { id: string }[]).map(({ id }) => id));
      const next = at(answer, "servers_links", 0, "href");
      path = next === undefined ? undefined : String(next).replace(`${BASE}/v2.1`, "");
    }
    expect(found).toEqual(ids);
    expect((await api.get("/servers?limit=0")).body).toEqual({ servers: [] });
  });

  test.each([
    ["limit=-1"],
    ["limit=x"],
    ["marker=00000000-0000-4000-8000-000000000000"],
    ["sort_key=colour"],
    ["sort_key=uuid&sort_dir=up"],
    ["changes-since=yesterday"],
    ["name=("],
  ])("GET /servers?%s is a 400", async (query) => {
    const answer = await api.get(`/servers?${query}`);
    expect(answer.status).toBe(400);
    expect(at(answer, "badRequest", "code")).toBe(400);
  });

  test("an unknown filter is ignored up to 2.74 and refused from then on", async () => {
    expect((await api.get("/servers?colour=red", { version: "2.74" })).status).toBe(200);
    expect((await api.get("/servers?colour=red", { version: "2.75" })).status).toBe(400);
  });

  test("a status that does not exist finds nothing up to 2.37 and is refused from then on", async () => {
    expect((await api.get("/servers?status=HAPPY", { version: "2.37" })).body).toEqual({ servers: [] });
    expect((await api.get("/servers?status=HAPPY", { version: "2.38" })).status).toBe(400);
  });

  test("filters find what they name, and users' host filters are ignored", async () => {
    const id = await api.createServer({ name: "filtered", metadata: { only: "this" } });
    await api.activate(id);
    const found = async (query: string, as: "member" | "admin" = "member") =>
      (at(await api.get(`/servers?name=filtered&${query}`, { as, version: "2.83" }), "servers") as unknown[]).length;

    expect(await found("status=ACTIVE")).toBe(1);
    expect(await found("status=BUILD")).toBe(0);
    expect(await found("status=BUILD&status=ACTIVE")).toBe(1);
    expect(await found("flavor=1")).toBe(1);
    expect(await found("flavor=2")).toBe(0);
    expect(await found(`image=${IMAGE}`)).toBe(1);
    expect(await found("ip=10.0.0.")).toBe(1);
    expect(await found("ip=10.0.1.")).toBe(0);
    expect(await found("host=nowhere")).toBe(1);
    expect(await found("host=nowhere&all_tenants=1", "admin")).toBe(0);
    expect(await found(`host=${HOST}&all_tenants=1`, "admin")).toBe(1);
    expect(await found("changes-since=2020-01-01T00:00:00Z")).toBe(1);
    expect(await found("changes-since=2199-01-01T00:00:00Z")).toBe(0);
    expect(await found("vm_state=active&power_state=1&task_state=None")).toBe(1);
  });
});

describe("changing servers", () => {
  test("name, description and addresses change; what is shown of it grew with 2.75", async () => {
    const id = await api.createServer();
    const body = { server: { name: "renamed", description: "new", accessIPv6: "2001:db8::1" } };
    const older = await api.put(`/servers/${id}`, body, { version: "2.19" });
    expect(older.body).toMatchObject({ server: { name: "renamed", description: "new", accessIPv6: "2001:db8::1" } });
    expect(at(older, "server", "OS-EXT-STS:vm_state")).toBeUndefined();
    const newer = await api.put(`/servers/${id}`, { server: { name: "again" } }, { version: "2.75" });
    expect(newer.body).toMatchObject({
      server: { name: "again", description: "new", "OS-EXT-STS:vm_state": "building" },
    });
    expect((await api.put(`/servers/${id}`, { server: { description: "x" } }, { version: "2.18" })).status).toBe(400);
    expect((await api.put(`/servers/${id}`, { server: { name: "x" } }, { as: "reader" })).status).toBe(403);
  });

  test("a server that never had a host is deleted by a conductor, and deleting again is the same", async () => {
    const id = await api.createServer();
    expect((await api.delete(`/servers/${id}`)).status).toBe(204);
    expect((await api.delete(`/servers/${id}`)).status).toBe(204);
    const deletes = () => api.peers.wakes.filter(({ method }) => method === "deleteServer");
    await expect.poll(() => deletes().length).toBe(2);
    const [first, second] = deletes();
    expect(second?.operationIds).toEqual(first?.operationIds);
    expect(at(await api.get(`/servers/${id}`), "server", "OS-EXT-STS:task_state")).toBe("deleting");
  });

  test.each([
    ["os-stop", { "os-stop": null }, "active", "powering-off", "stopServer"],
    ["os-start", { "os-start": null }, "stopped", "powering-on", "startServer"],
    ["a soft reboot", { reboot: { type: "SOFT" } }, "active", "rebooting", "rebootServer"],
    ["a hard reboot", { reboot: { type: "HARD" } }, "stopped", "rebooting_hard", "rebootServer"],
  ])("%s sets its task state and wakes the compute of the host", async (_, body, vmState, taskState, method) => {
    const id = await api.createServer();
    await api.activate(id);
    await api.setState(id, vmState, null);
    const answer = await api.post(`/servers/${id}/action`, body);
    expect([answer.status, answer.body]).toEqual([202, undefined]);
    expect(at(await api.get(`/servers/${id}`), "server", "OS-EXT-STS:task_state")).toBe(taskState);
    const actions = () => api.peers.wakes.map((wake) => wake.method).filter((one) => one !== "scheduleAndBuildServers");
    await expect.poll(actions).toEqual([method]);
  });

  test("an action that the state does not allow is a 409 in Nova's words, and changes nothing", async () => {
    const id = await api.createServer();
    await api.activate(id);
    const start = await api.post(`/servers/${id}/action`, { "os-start": null });
    expect(start.status).toBe(409);
    expect(start.body).toEqual({
      conflictingRequest: { code: 409, message: `Cannot 'start' instance ${id} while it is in vm_state active` },
    });
    await api.post(`/servers/${id}/action`, { "os-stop": null });
    const stop = await api.post(`/servers/${id}/action`, { "os-stop": null });
    expect(at(stop, "conflictingRequest", "message")).toBe(
      `Cannot 'stop' instance ${id} while it is in task_state powering-off`,
    );
  });

  test("of many who stop a server at once one does, the others are told", async () => {
    const id = await api.createServer();
    await api.activate(id);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => api.post(`/servers/${id}/action`, { "os-stop": null })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array(7).fill(409)]);
  });

  test.each([[{ dance: {} }], [{}], [[]], ["null"]])("the action %j is a 400", async (body) => {
    const id = await api.createServer();
    expect((await api.post(`/servers/${id}/action`, body)).status).toBe(400);
  });

  test("the console's output comes as text that any parser takes", async () => {
    const id = await api.createServer();
    expect((await api.post(`/servers/${id}/action`, { "os-getConsoleOutput": {} })).status).toBe(409);
    await api.activate(id);
    api.peers.consoleOutput = "one\u001b[0m\r\ntwo\n";
    const answer = await api.post(`/servers/${id}/action`, { "os-getConsoleOutput": { length: "5" } });
    expect(answer.body).toEqual({ output: "one[0m\ntwo\n" });
    expect(api.peers.consoleLength).toBe(5);
    await api.post(`/servers/${id}/action`, { "os-getConsoleOutput": { length: -1 } });
    expect(api.peers.consoleLength).toBeNull();
    api.peers.consoleOutput = "notSupported";
    expect((await api.post(`/servers/${id}/action`, { "os-getConsoleOutput": {} })).status).toBe(501);
  });

  test("metadata are added, replaced, changed one by one and deleted", async () => {
    const id = await api.createServer({ metadata: { a: "1" } });
    await api.activate(id);
    const path = `/servers/${id}/metadata`;
    expect((await api.post(path, { metadata: { b: "2" } })).body).toEqual({ metadata: { a: "1", b: "2" } });
    expect((await api.put(`${path}/b`, { meta: { b: "3" } })).body).toEqual({ meta: { b: "3" } });
    expect((await api.get(`${path}/b`)).body).toEqual({ meta: { b: "3" } });
    expect((await api.put(`${path}/b`, { meta: { c: "3" } })).status).toBe(400);
    expect((await api.delete(`${path}/a`)).status).toBe(204);
    expect((await api.delete(`${path}/a`)).status).toBe(404);
    expect((await api.get(path)).body).toEqual({ metadata: { b: "3" } });
    expect((await api.put(path, { metadata: { z: "9" } })).body).toEqual({ metadata: { z: "9" } });
    const many = Object.fromEntries(Array.from({ length: 129 }, (_, index) => [`key-${index}`, "x"]));
    expect((await api.put(path, { metadata: many })).status).toBe(403);
    await api.setState(id, "error", null);
    expect((await api.put(path, { metadata: {} })).status).toBe(409);
  });

  test("metadata that many add at once are all there", async () => {
    const id = await api.createServer();
    await api.activate(id);
    const keys = Array.from({ length: 10 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => api.put(`/servers/${id}/metadata/${key}`, { meta: { [key]: "x" } })));
    expect(Object.keys(at(await api.get(`/servers/${id}/metadata`), "metadata") as object).sort()).toEqual(keys);
  });

  test("addresses are shown by network", async () => {
    const id = await api.createServer();
    await api.activate(id);
    expect((await api.get(`/servers/${id}/ips`)).body).toEqual({
      addresses: { private: [{ version: 4, addr: "10.0.0.5" }] },
    });
    expect((await api.get(`/servers/${id}/ips/private`)).body).toEqual({ private: [{ version: 4, addr: "10.0.0.5" }] });
    expect((await api.get(`/servers/${id}/ips/public`)).status).toBe(404);
  });
});

describe("what was done to servers", () => {
  test("operations are instance actions, the newest first, with their events", async () => {
    const id = await api.createServer();
    await api.activate(id);
    await api.post(`/servers/${id}/action`, { "os-stop": null });
    const { body } = await api.get(`/servers/${id}/os-instance-actions`);
    const actions = at({ body } as never, "instanceActions") as { action: string; request_id: string }[];
    expect(actions.map(({ action }) => action)).toEqual(["stop", "create"]);
    expect(Object.keys(actions[0] ?? {}).sort()).toEqual(
      ["action", "instance_uuid", "message", "project_id", "request_id", "start_time", "user_id"].sort(),
    );
    const requestId = String(actions[1]?.request_id);
    await api.database.execute(
      sql`insert into compute.operation_events (operation_id, event, host, started_at, finished_at, result, details)
          select id, 'compute_buildServer', ${HOST}, now(), now(), 'Error', 'no room' from compute.operations where request_id = ${requestId}`,
    );
    const keys = async (version: string, as: "member" | "admin") => {
      const shown = await api.get(`/servers/${id}/os-instance-actions/${requestId}`, { version, as });
      expect(shown.status).toBe(200);
      const event = at(shown, "instanceAction", "events", 0) as object | undefined;
      return event && Object.keys(event).sort();
    };
    const basic = ["event", "finish_time", "result", "start_time"];
    expect(await keys("2.50", "member")).toBeUndefined();
    expect(await keys("2.51", "member")).toEqual(basic);
    expect(await keys("2.50", "admin")).toEqual([...basic, "traceback"].sort());
    expect(await keys("2.62", "member")).toEqual([...basic, "hostId"].sort());
    expect(await keys("2.84", "member")).toEqual([...basic, "hostId"].sort());
    expect(await keys("2.84", "admin")).toEqual([...basic, "traceback", "host", "hostId", "details"].sort());
    expect((await api.get(`/servers/${id}/os-instance-actions/req-nope`)).status).toBe(404);
    const page = await api.get(`/servers/${id}/os-instance-actions?limit=1`, { version: "2.58" });
    expect(at(page, "instanceActions", 0, "updated_at")).toEqual(expect.any(String));
    expect(at(page, "links", 0, "rel")).toBe("next");
  });

  test("those of a deleted server are told from 2.21 on", async () => {
    const id = await api.createServer();
    await api.database.execute(
      sql`update compute.servers set deleted_at = now(), vm_state = 'deleted', task_state = null where id = ${id}`,
    );
    expect((await api.get(`/servers/${id}/os-instance-actions`, { version: "2.20" })).status).toBe(404);
    expect((await api.get(`/servers/${id}/os-instance-actions`, { version: "2.21" })).status).toBe(200);
    expect((await api.get(`/servers/${id}`)).status).toBe(404);
  });
});
