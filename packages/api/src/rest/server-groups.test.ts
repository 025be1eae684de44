import { afterAll, beforeAll, expect, test } from "vitest";
import { at, IMAGE, LiveApi, PROJECT } from "../testing/live-api.js";

const as = "admin" as const;
const NOBODYS = "00000000-0000-4000-8000-000000000000";
let api: LiveApi;

beforeAll(async () => {
  api = await LiveApi.start({ instances: -1, cores: -1, ram: -1, serverGroups: -1, serverGroupMembers: 3 });
});
afterAll(() => api.stop());

async function group(asked: Record<string, unknown> = {}, version = "2.64", who: "member" | "stranger" = "member") {
  const body = { server_group: { name: "group", policy: "affinity", ...asked } };
  const made = await api.post("/os-server-groups", body, { version, as: who });
  expect(made.status).toBe(200);
  return String(at(made, "server_group", "id"));
}

const inGroup = (id: string, more: object = {}, version = "2.1", who: "member" | "stranger" = "member") =>
  api.post(
    "/servers",
    {
      server: { name: "web", imageRef: IMAGE, flavorRef: "1", ...more },
      "os:scheduler_hints": { group: id },
    },
    { version, as: who },
  );

test("a group shows what its microversion tells of it", async () => {
  const brief = { id: expect.stringMatching(/^[0-9a-f-]{36}$/), name: "g", members: [] };
  const old = { ...brief, policies: ["affinity"], metadata: {} };
  const owned = { project_id: PROJECT, user_id: "user-1" };
  const cases: [minor: number, expected: object][] = [
    [1, old],
    [12, old],
    [13, { ...old, ...owned }],
    [63, { ...old, ...owned }],
    [64, { ...brief, ...owned, policy: "affinity", rules: {} }],
    [96, { ...brief, ...owned, policy: "affinity", rules: {} }],
  ];
  for (const [minor, expected] of cases) {
    const version = `2.${minor}`;
    const asked = { name: "g", ...(minor >= 64 ? { policy: "affinity" } : { policies: ["affinity"] }) };
    const made = await api.post("/os-server-groups", { server_group: asked }, { version });
    expect([minor, made.status, made.body]).toEqual([minor, 200, { server_group: expected }]);
    const path = `/os-server-groups/${at(made, "server_group", "id")}`;
    expect((await api.get(path, { version })).body).toEqual(made.body);
    expect(at(await api.get("/os-server-groups", { version }), "server_groups")).toContainEqual(
      at(made, "server_group"),
    );
    const deleted = await api.delete(path, { version });
    expect([deleted.status, deleted.body]).toEqual([204, undefined]);
    expect((await api.get(path, { version })).status).toBe(404);
    expect((await api.delete(path, { version })).status).toBe(404);
  }
});

test.each([
  [1, { policies: ["affinity"] }, 200],
  [1, { policies: ["soft-affinity"] }, 400],
  [14, { policies: ["soft-anti-affinity"] }, 400],
  [15, { policies: ["soft-anti-affinity"] }, 200],
  [15, { policies: ["legacy"] }, 400],
  [15, { policies: [] }, 400],
  [15, { policies: ["affinity", "anti-affinity"] }, 400],
  [63, { policy: "affinity" }, 400],
  [64, { policies: ["affinity"] }, 400],
  [64, { policy: "soft-affinity" }, 200],
  [64, { policy: "anti-affinity", rules: { max_server_per_host: 3 } }, 200],
  [64, { policy: "anti-affinity", rules: { max_server_per_host: "3" } }, 200],
  [64, { policy: "anti-affinity", rules: {} }, 200],
  [64, { policy: "anti-affinity", rules: { max_server_per_host: 0 } }, 400],
  [64, { policy: "anti-affinity", rules: { max_server_per_host: "0" } }, 400],
  [64, { policy: "anti-affinity", rules: { max_server_per_host: "x" } }, 400],
  [64, { policy: "anti-affinity", rules: { most: 1 } }, 400],
  [64, { policy: "affinity", rules: { max_server_per_host: 3 } }, 400],
  [64, { policy: "affinity", rules: {} }, 200],
  [64, { name: "", policy: "affinity" }, 400],
  [64, { name: " a", policy: "affinity" }, 400],
  [64, { policy: "affinity", colour: "red" }, 400],
])("at 2.%i a group of %j is answered with %i", async (minor, asked, status) => {
  const answer = await api.post(
    "/os-server-groups",
    { server_group: { name: "g", ...asked } },
    { version: `2.${minor}` },
  );
  expect(answer.status).toBe(status);
});

test("rules are shown as a number, and of anti-affinity alone", async () => {
  const id = await group({ policy: "anti-affinity", rules: { max_server_per_host: "3" } });
  const shown = await api.get(`/os-server-groups/${id}`, { version: "2.64" });
  expect(at(shown, "server_group", "rules")).toEqual({ max_server_per_host: 3 });
  const body = { server_group: { name: "g", policy: "affinity", rules: { max_server_per_host: 3 } } };
  const refused = await api.post("/os-server-groups", body, { version: "2.64" });
  expect(at(refused, "badRequest", "message")).toBe("Only anti-affinity policy supports rules.");
});

test("a project sees its own groups, an administrator all, in pages", async () => {
  const [mine, theirs] = [await group(), await group({}, "2.64", "stranger")];
  const ids = async (query: string, who: "member" | "stranger" | "admin") =>
    (at(await api.get(`/os-server-groups${query}`, { as: who }), "server_groups") as { id: string }[]).map(
      ({ id }) => id,
    );
  expect(await ids("", "stranger")).toEqual([theirs]);
  expect(await ids("?all_projects=True", "stranger")).toEqual([theirs]);
  expect(await ids("", "admin")).toEqual([]);
  const all = await ids("?all_projects", "admin");
  expect(all).toEqual(expect.arrayContaining([mine, theirs]));
  expect([...(await ids("?all_projects&limit=2", "admin")), ...(await ids("?all_projects&offset=2", "admin"))]).toEqual(
    all,
  );
  expect(await ids("?all_projects&limit=0", "admin")).toEqual(all);
  expect((await api.get("/os-server-groups?limit=-1")).status).toBe(400);
  expect((await api.get("/os-server-groups?offset=x")).status).toBe(400);
  expect((await api.get("/os-server-groups?colour=red", { version: "2.74" })).status).toBe(200);
  expect((await api.get("/os-server-groups?colour=red", { version: "2.75" })).status).toBe(400);

  expect((await api.get(`/os-server-groups/${mine}`, { as: "stranger" })).status).toBe(404);
  expect((await api.delete(`/os-server-groups/${mine}`, { as: "stranger" })).status).toBe(404);
  expect((await api.get(`/os-server-groups/${mine}`, { as: "reader" })).status).toBe(200);
  expect((await api.delete(`/os-server-groups/${mine}`, { as: "reader" })).status).toBe(403);
  expect((await api.get(`/os-server-groups/${mine}`, { as })).status).toBe(200);
  expect((await api.get("/os-server-groups/nothing")).status).toBe(404);
  const body = { server_group: { name: "g", policies: ["affinity"] } };
  expect((await api.post("/os-server-groups", body, { as: "reader" })).status).toBe(403);
});

test("groups are counted against the quota, which shows them", async () => {
  const { server_groups: used } = at(await api.get(`/os-quota-sets/${PROJECT}/detail`), "quota_set") as Record<
    string,
    { in_use: number }
  >;
  const limit = Number(used?.in_use) + 1;
  await api.put(`/os-quota-sets/${PROJECT}`, { quota_set: { server_groups: limit } }, { as });
  const body = { server_group: { name: "g", policies: ["affinity"] } };
  const answers = await Promise.all([1, 2, 3].map(() => api.post("/os-server-groups", body)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403]);
  const refused = answers.find(({ status }) => status === 403);
  expect(refused && at(refused, "forbidden", "message")).toBe("Quota exceeded, too many server groups.");
  expect(at(await api.get("/limits"), "limits", "absolute")).toMatchObject({
    maxServerGroups: limit,
    totalServerGroupsUsed: limit,
    maxServerGroupMembers: 3,
  });
  const tooLow = await api.put(`/os-quota-sets/${PROJECT}`, { quota_set: { server_groups: limit - 1 } }, { as });
  expect(tooLow.status).toBe(400);
  await api.delete(`/os-quota-sets/${PROJECT}`, { as });
});

test("a server that is made in a group is its member, and shows it from 2.71 on", async () => {
  const id = await group();
  const made = await inGroup(id);
  expect(made.status).toBe(202);
  const server = String(at(made, "server", "id"));
  expect(at(await api.get(`/os-server-groups/${id}`), "server_group", "members")).toEqual([server]);
  expect(at(await api.get(`/servers/${server}`, { version: "2.70" }), "server", "server_groups")).toBeUndefined();
  expect(at(await api.get(`/servers/${server}`, { version: "2.71" }), "server", "server_groups")).toEqual([id]);
  const updated = await api.put(`/servers/${server}`, { server: { name: "x" } }, { version: "2.71" });
  expect(at(updated, "server", "server_groups")).toEqual([id]);
  await api.delete(`/os-server-groups/${id}`);
  expect(at(await api.get(`/servers/${server}`, { version: "2.71" }), "server", "server_groups")).toEqual([]);
});

test("a group that is unknown, or another project's, is a 400, and nothing is made", async () => {
  const theirs = await group({}, "2.64", "stranger");
  const before = at(await api.get("/servers"), "servers");
  for (const id of [NOBODYS, theirs]) {
    const answer = await inGroup(id);
    expect([answer.status, at(answer, "badRequest", "message")]).toEqual([
      400,
      `Instance group ${id} could not be found.`,
    ]);
  }
  expect((await inGroup("no uuid")).status).toBe(400);
  expect(at(await api.get("/servers"), "servers")).toEqual(before);
  expect(at(await api.get(`/os-server-groups/${theirs}`, { as: "stranger" }), "server_group", "members")).toEqual([]);
});

test("a group holds no more members than its quota, all or none", async () => {
  const id = await group();
  expect((await inGroup(id, { min_count: 2 })).status).toBe(202);
  const refused = await inGroup(id, { min_count: 2 });
  expect([refused.status, at(refused, "forbidden", "message")]).toEqual([
    403,
    "Quota exceeded, too many servers in group",
  ]);
  const answers = await Promise.all([1, 2, 3].map(() => inGroup(id)));
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 403, 403]);
  expect(at(await api.get(`/os-server-groups/${id}`), "server_group", "members")).toHaveLength(3);
});
