import { afterAll, beforeAll, expect, test } from "vitest";
import { at, LiveApi, OTHER_PROJECT, PROJECT } from "../testing/live-api.js";

const BASE = "http://cloud.test/compute";
let api: LiveApi;

beforeAll(async () => {
  api = await LiveApi.start();
});
afterAll(() => api.stop());

async function makeFlavor(flavor: Record<string, unknown>, version = "2.1") {
  return await api.post("/flavors", { flavor: { ram: 512, vcpus: 1, disk: 1, ...flavor } }, { as: "admin", version });
}

async function ids(path: string, as: "member" | "stranger" | "admin" = "member"): Promise<string[]> {
  const answer = await api.get(path, { as });
  expect(answer.status).toBe(200);
  return (at(answer, "flavors") as { id: string }[]).map(({ id }) => id);
}

test("a flavor is shown as clients expect it", async () => {
  const { status, body } = await api.get("/flavors/1");
  expect(status).toBe(200);
  expect(body).toEqual({
    flavor: {
      id: "1",
      name: "m1.1",
      ram: 512,
      disk: 1,
      vcpus: 1,
      swap: "",
      "OS-FLV-EXT-DATA:ephemeral": 0,
      "OS-FLV-DISABLED:disabled": false,
      "os-flavor-access:is_public": true,
      rxtx_factor: 1,
      links: [
        { rel: "self", href: `${BASE}/v2.1/flavors/1` },
        { rel: "bookmark", href: `${BASE}/flavors/1` },
      ],
    },
  });
});

test("each key is shown from the microversion that brought it", async () => {
  for (let minor = 1; minor <= 96; minor++) {
    const version = `2.${minor}`;
    const flavor = at(await api.get("/flavors/1", { version }), "flavor") as Record<string, unknown>;
    expect([minor, "description" in flavor, "extra_specs" in flavor, flavor["swap"]]).toEqual([
      minor,
      minor >= 55,
      minor >= 61,
      minor >= 75 ? 0 : "",
    ]);
    const brief = at(await api.get("/flavors", { version }), "flavors", 0) as Record<string, unknown>;
    expect(Object.keys(brief).sort()).toEqual(
      minor >= 55 ? ["description", "id", "links", "name"] : ["id", "links", "name"],
    );
  }
});

test("flavors are made, described and deleted by administrators", async () => {
  expect((await api.post("/flavors", { flavor: { name: "x", ram: 1, vcpus: 1, disk: 1 } })).status).toBe(403);
  const made = await makeFlavor({ name: "made", id: "made", ram: "1024", swap: 64, description: "words" }, "2.55");
  expect(made.status).toBe(200);
  expect(made.body).toMatchObject({ flavor: { id: "made", ram: 1024, swap: 64, description: "words" } });
  expect((await makeFlavor({ name: "made", id: "other" })).status).toBe(409);
  expect((await makeFlavor({ name: "other", id: "made" })).status).toBe(409);
  expect((await makeFlavor({ name: "old", description: "too soon" }, "2.54")).status).toBe(400);
  const change = { flavor: { description: null } };
  expect((await api.put("/flavors/made", change, { as: "admin", version: "2.54" })).status).toBe(404);
  const changed = await api.put("/flavors/made", change, { as: "admin", version: "2.55" });
  expect(at(changed, "flavor", "description")).toBeNull();
  expect((await api.delete("/flavors/made")).status).toBe(403);
  expect((await api.delete("/flavors/made", { as: "admin" })).status).toBe(202);
  expect((await api.delete("/flavors/made", { as: "admin" })).status).toBe(404);
  expect((await api.get("/flavors/made")).status).toBe(404);
});

test("without an id, or with auto, one is made up", async () => {
  for (const id of [undefined, null, "auto"]) {
    const made = await makeFlavor({ name: `anonymous-${id}`, ...(id === undefined ? {} : { id }) });
    expect(at(made, "flavor", "id")).toMatch(/^[0-9a-f-]{36}$/);
    await api.delete(`/flavors/${String(at(made, "flavor", "id"))}`, { as: "admin" });
  }
});

test.each([
  [{ ram: 0 }],
  [{ vcpus: "x" }],
  [{ vcpus: "0" }],
  [{ disk: -1 }],
  [{ ram: 2 ** 31 }],
  [{ ram: "2147483648" }],
  [{ rxtx_factor: 0 }],
  [{ rxtx_factor: "0.0" }],
  [{ id: " x" }],
  [{ name: "" }],
  [{ "os-flavor-access:is_public": "perhaps" }],
  [{ colour: "red" }],
])("a flavor of %j is a 400", async (wrong) => {
  const answer = await makeFlavor({ name: "wrong", ...wrong });
  expect(answer.status).toBe(400);
  expect(at(answer, "badRequest", "code")).toBe(400);
});

test("flavors are filtered, sorted and paged", async () => {
  expect(await ids("/flavors?minRam=1024")).toEqual(["2"]);
  expect(await ids("/flavors?minDisk=1")).toEqual(["1", "2"]);
  expect(await ids("/flavors?sort_key=memory_mb&sort_dir=desc")).toEqual(["2", "zero", "1"]);
  expect(await ids("/flavors/detail?limit=2&marker=1")).toEqual(["2", "zero"]);
  const page = await api.get("/flavors?limit=1");
  expect(at(page, "flavors_links")).toEqual([{ rel: "next", href: `${BASE}/v2.1/flavors?limit=1&marker=1` }]);
  for (const wrong of ["minRam=x", "marker=nope", "sort_key=colour", "sort_dir=up", "limit=-1"]) {
    expect([wrong, (await api.get(`/flavors?${wrong}`)).status]).toEqual([wrong, 400]);
  }
});

test("a flavor that is not public is for the projects that were given it", async () => {
  await makeFlavor({ name: "private", id: "private", "os-flavor-access:is_public": false });
  const give = (tenant: string, version = "2.7", flavor = "private") =>
    api.post(`/flavors/${flavor}/action`, { addTenantAccess: { tenant } }, { as: "admin", version });

  expect(await ids("/flavors")).not.toContain("private");
  expect((await api.get("/flavors/private")).status).toBe(404);
  expect((await give(PROJECT)).body).toEqual({ flavor_access: [{ flavor_id: "private", tenant_id: PROJECT }] });
  expect((await give(PROJECT)).status).toBe(409);
  expect((await give(PROJECT, "2.7", "1")).status).toBe(409);
  expect(await ids("/flavors")).toContain("private");
  expect(await ids("/flavors", "stranger")).not.toContain("private");
  expect(await ids("/flavors", "admin")).not.toContain("private");
  expect(await ids("/flavors?is_public=None", "admin")).toContain("private");
  expect(await ids("/flavors?is_public=false", "admin")).toEqual(["private"]);
  expect((await api.get("/flavors?is_public=perhaps", { as: "admin" })).status).toBe(400);

  const access = await api.get("/flavors/private/os-flavor-access", { as: "admin" });
  expect(at(access, "flavor_access", 0, "tenant_id")).toBe(PROJECT);
  expect((await api.get("/flavors/private/os-flavor-access")).status).toBe(403);
  expect((await api.get("/flavors/1/os-flavor-access", { as: "admin" })).status).toBe(404);
  const take = (tenant: string) =>
    api.post("/flavors/private/action", { removeTenantAccess: { tenant } }, { as: "admin" });
  expect((await take(OTHER_PROJECT)).status).toBe(404);
  expect((await take(PROJECT)).body).toEqual({ flavor_access: [] });
  await api.delete("/flavors/private", { as: "admin" });
});

test("extra specs are set and removed one by one", async () => {
  await makeFlavor({ name: "specs", id: "specs" });
  const path = "/flavors/specs/os-extra_specs";
  const as = "admin" as const;
  expect((await api.post(path, { extra_specs: { "hw:a": "1", b: 2 } }, { as })).body).toEqual({
    extra_specs: { "hw:a": "1", b: "2" },
  });
  expect((await api.put(`${path}/b`, { b: "3" }, { as })).body).toEqual({ b: "3" });
  expect((await api.put(`${path}/b`, { c: "3" }, { as })).status).toBe(400);
  expect((await api.get(path)).body).toEqual({ extra_specs: { "hw:a": "1", b: "3" } });
  expect((await api.get(`${path}/hw:a`)).body).toEqual({ "hw:a": "1" });
  expect((await api.get(`${path}/nope`)).status).toBe(404);
  expect((await api.delete(`${path}/b`)).status).toBe(403);
  expect((await api.delete(`${path}/b`, { as })).status).toBe(200);
  expect((await api.delete(`${path}/b`, { as })).status).toBe(404);
  expect((await api.post("/flavors/nope/os-extra_specs", { extra_specs: {} }, { as })).status).toBe(404);
  expect((await api.post(path, { extra_specs: { "no/slash": "1" } }, { as })).status).toBe(400);
  await api.delete("/flavors/specs", { as });
});
