import { createServers, takeForConductor } from "@kilonova/compute-store";
import { createRequest, newServer } from "@kilonova/compute-store/testing";
import { cloudStatusSchema } from "@kilonova/contracts";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LiveApi } from "../testing/live-api.js";

const PATH = "/kilonova/status";
let api: LiveApi;

beforeAll(async () => {
  api = await LiveApi.start();
});
afterAll(() => api.stop());

async function statusSeen() {
  const { status, body } = await api.get(PATH, { as: "admin" });
  expect(status).toBe(200);
  return cloudStatusSchema.parse(body);
}

test("an administrator sees the services of every topic, and which of them live", async () => {
  await api.database.execute(sql`
    INSERT INTO framework.services ("binary", topic, host, contracts, last_seen_at, forced_down) VALUES
      ('kilonova-image', 'image', 'control', '{"image": "1.0"}', now(), false),
      ('kilonova-compute', 'compute', 'gone', '{"compute": "1.1"}', now() - interval '1 hour', true),
      ('own', 'own', 'there', '{}', NULL, false)`);
  const { services } = await statusSeen();
  const found = (binary: string, host: string) =>
    services.find((service) => service.binary === binary && service.host === host);
  expect(found("kilonova-image", "control")).toMatchObject({ up: true, version: "1.0" });
  expect(found("kilonova-compute", "gone")).toMatchObject({ up: false, version: "1.1" });
  expect(found("kilonova-compute", "gone")?.silentFor).toBeGreaterThanOrEqual(3_600_000);
  expect(found("own", "there")).toMatchObject({ version: null, silentFor: null });
});

test("and the work that is not over, the oldest first, with who has it", async () => {
  const servers = [newServer(), newServer()];
  const created = await createServers(api.database, createRequest({ servers, minCount: 2 }));
  if (!created.ok) throw new Error("no quota was set");
  const [first, second] = created.value.operations;
  if (!first || !second) throw new Error("two were asked for");
  await api.database.execute(sql`
    UPDATE compute.operations SET created_at = now() - interval '20 minutes' WHERE id = ${second.id}`);
  await takeForConductor(api.database, { owner: "conductor-1", lease: 60_000 }, [first.id]);
  const { openOperations, operations } = await statusSeen();
  expect(openOperations).toBe(2);
  expect(operations.map(({ id, state }) => [id, state])).toEqual([
    [second.id, "pending"],
    [first.id, "running"],
  ]);
  expect(operations[0]?.age).toBeGreaterThanOrEqual(1_200_000);
  expect(operations[1]).toMatchObject({ serverId: first.serverId, action: "create", stage: "conductor", host: null });
});

test("nobody else does", async () => {
  expect((await api.get(PATH)).status).toBe(403);
});
