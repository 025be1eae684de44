import { Client } from "pg";
import { expect, test } from "vitest";
import { testDatabase } from "./test-database.js";

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

test("each call gives an empty database of its own, which can be dropped while somebody is connected", async () => {
  const [first, second] = await Promise.all([testDatabase(), testDatabase()]);
  await query(first.url, "create table only_here (id integer)");

  expect(await query(second.url, "select to_regclass('only_here') as found")).toEqual([{ found: null }]);

  const connected = new Client({ connectionString: first.url });
  connected.on("error", () => undefined);
  await connected.connect();
  await first.drop();
  await expect(query(first.url, "select 1")).rejects.toMatchObject({ code: "3D000" });
  await second.drop();
});

test("without a test run around it, the call says what is missing", async () => {
  const before = process.env["KILONOVA_TEST_POSTGRES_SOCKET"];
  delete process.env["KILONOVA_TEST_POSTGRES_SOCKET"];
  try {
    await expect(testDatabase()).rejects.toThrow("vitest.config.ts");
  } finally {
    process.env["KILONOVA_TEST_POSTGRES_SOCKET"] = before;
  }
});
