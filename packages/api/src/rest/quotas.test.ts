import { afterAll, beforeAll, expect, test } from "vitest";
import { at, IMAGE, LiveApi, OTHER_PROJECT, PROJECT } from "../testing/live-api.js";

const as = "admin" as const;
let api: LiveApi;
beforeAll(async () => {
  api = await LiveApi.start({ instances: 5 });
});
afterAll(() => api.stop());

test("of many who ask for the last of a quota at once, only those get it that fit", async () => {
  const body = { server: { name: "web", imageRef: IMAGE, flavorRef: "1" } };
  const answers = await Promise.all(Array.from({ length: 12 }, () => api.post("/servers", body)));
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(5).fill(202), ...Array(7).fill(403)]);
  const refused = answers.find(({ status }) => status === 403);
  expect(refused?.body).toEqual({
    forbidden: {
      code: 403,
      message: "Quota exceeded for instances: Requested 1, but already used 5 of 5 instances",
    },
  });
  expect((await api.post("/servers", body, { as: "stranger" })).status).toBe(202);
});

test("between at least and at most, as many servers are made as there is room for", async () => {
  await api.put(`/os-quota-sets/${PROJECT}`, { quota_set: { instances: 7 } }, { as });
  const server = { name: "some", imageRef: IMAGE, flavorRef: "1", return_reservation_id: true };
  const tooMany = await api.post("/servers", { server: { ...server, min_count: 3, max_count: 4 } });
  expect(tooMany.status).toBe(403);
  const some = await api.post("/servers", { server: { ...server, min_count: 1, max_count: 2_147_483_647 } });
  const found = await api.get(`/servers?reservation_id=${String(at(some, "reservation_id"))}`);
  expect((at(found, "servers") as unknown[]).length).toBe(2);
});

test("limits and what is used of them are shown by the project's users", async () => {
  expect(at(await api.get("/limits"), "limits", "absolute")).toMatchObject({
    maxTotalInstances: 7,
    maxTotalCores: 20,
    maxTotalRAMSize: 51_200,
    maxServerMeta: 128,
    maxTotalKeypairs: 100,
    totalInstancesUsed: 7,
    totalCoresUsed: 7,
    totalRAMUsed: 3584,
    maxPersonality: 0,
  });
  expect(at(await api.get("/limits", { version: "2.57" }), "limits", "absolute", "maxPersonality")).toBeUndefined();
  expect((await api.get(`/limits?tenant_id=${OTHER_PROJECT}`)).status).toBe(403);
  const theirs = await api.get(`/limits?tenant_id=${OTHER_PROJECT}`, { as });
  expect(at(theirs, "limits", "absolute", "totalInstancesUsed")).toBe(1);
});

test("quota sets show the resources of their microversion", async () => {
  const keys = async (minor: number) =>
    Object.keys(at(await api.get(`/os-quota-sets/${PROJECT}`, { version: `2.${minor}` }), "quota_set") as object);
  for (let minor = 1; minor <= 96; minor++) {
    const shown = await keys(minor);
    expect([minor, shown.includes("floating_ips"), shown.includes("injected_files")]).toEqual([
      minor,
      minor < 36,
      minor < 57,
    ]);
    expect(shown).toEqual(
      expect.arrayContaining(["id", "instances", "cores", "ram", "key_pairs", "metadata_items", "server_groups"]),
    );
  }
  expect(at(await api.get(`/os-quota-sets/${PROJECT}/detail`), "quota_set", "instances")).toEqual({
    limit: 7,
    in_use: 7,
    reserved: 0,
  });
  expect(at(await api.get(`/os-quota-sets/${PROJECT}/defaults`), "quota_set", "instances")).toBe(5);
  expect((await api.get(`/os-quota-sets/${OTHER_PROJECT}`)).status).toBe(403);
});

test("administrators set quotas and take them back", async () => {
  const put = (quota_set: object, version = "2.1") =>
    api.put(`/os-quota-sets/${PROJECT}`, { quota_set }, { as, version });
  expect((await api.put(`/os-quota-sets/${PROJECT}`, { quota_set: { cores: 1 } })).status).toBe(403);
  expect((await put({ cores: 3 })).status).toBe(400);
  expect(at(await put({ cores: "3", force: true }), "quota_set", "cores")).toBe(3);
  expect(at(await put({ cores: -1 }), "quota_set", "cores")).toBe(-1);
  for (const wrong of [{ cores: -2 }, { cores: "x" }, { colours: 1 }, { cores: 1.5 }, { cores: "9999999999" }]) {
    expect([wrong, (await put(wrong)).status]).toEqual([wrong, 400]);
  }
  expect((await put({ floating_ips: 1 }, "2.36")).status).toBe(400);
  expect((await api.delete(`/os-quota-sets/${PROJECT}`, { as })).status).toBe(202);
  expect(at(await api.get(`/os-quota-sets/${PROJECT}`), "quota_set", "instances")).toBe(5);
});
