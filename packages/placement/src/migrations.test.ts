import { frameworkMigrations, Migrator } from "@kilonova/database";
import { testDatabase } from "@kilonova/database/testing";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { placementMigrations } from "./migrations.js";

let database: Awaited<ReturnType<typeof testDatabase>>;
let client: Client;
beforeAll(async () => {
  database = await testDatabase();
  const first = { ...placementMigrations, load: async () => (await placementMigrations.load()).slice(0, 1) };
  await new Migrator(database.url, [frameworkMigrations, first]).migrate();
  client = new Client({ connectionString: database.url });
  await client.connect();
  for (const [id, parent] of [
    ["a", null],
    ["b", "a"],
    ["c", "b"],
    ["x", null],
  ] as const)
    await insert(id, parent);
  await new Migrator(database.url, [frameworkMigrations, placementMigrations]).migrate();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

/** As the release before does, which knows nothing of roots. */
async function insert(id: string, parentId: string | null): Promise<void> {
  await client.query("INSERT INTO placement.providers (id, name, parent_id, changed) VALUES ($1, $1, $2, 1)", [
    id,
    parentId,
  ]);
}

async function roots(): Promise<Record<string, string>> {
  const { rows } = await client.query<{ id: string; root_id: string }>("SELECT id, root_id FROM placement.providers");
  return Object.fromEntries(rows.map(({ id, root_id }) => [id, root_id]));
}

test("providers that were there before have their roots, and those that the release before makes and moves", async () => {
  expect(await roots()).toEqual({ a: "a", b: "a", c: "a", x: "x" });
  await insert("d", "c");
  await client.query("UPDATE placement.providers SET parent_id = 'x' WHERE id = 'b'");
  expect(await roots()).toEqual({ a: "a", b: "x", c: "x", d: "x", x: "x" });
});

test("a provider whose aggregates the release before left behind can be forgotten", async () => {
  await insert("gone", null);
  await client.query("INSERT INTO placement.provider_aggregates VALUES ('gone', 'aggregate')");
  await client.query("DELETE FROM placement.providers WHERE id = 'gone'");
  const { rows } = await client.query("SELECT FROM placement.provider_aggregates");
  expect(rows).toEqual([]);
});

test("who has what is asked by the release before as ever", async () => {
  await client.query(`
    SELECT consumer_id, consumer.fence, provider_id, resources
    FROM (
      SELECT consumer_id, provider_id, json_object_agg(resource_class, amount) AS resources
      FROM placement.allocations GROUP BY consumer_id, provider_id
    ) AS held
    JOIN placement.consumers AS consumer ON consumer.id = consumer_id`);
});
