import { eq, sql } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectDatabase } from "./connect.js";
import type { Database } from "./database.js";
import { type TestDatabase, testDatabase } from "./testing/index.js";

const letters = pgTable("letters", { id: integer().primaryKey(), letter: text().notNull() });

let testing: TestDatabase;
let database: Database;

beforeAll(async () => {
  testing = await testDatabase();
  database = await connectDatabase({
    url: testing.url,
    applicationName: "test",
    poolSize: 1,
    connectTimeout: 5_000,
    statementTimeout: 5_000,
  });
  await database.execute(sql`create table letters (id integer primary key, letter text not null)`);
  await database.insert(letters).values([
    { id: 1, letter: "a" },
    { id: 2, letter: "b" },
  ]);
});

afterAll(async () => {
  await database.$client.end();
  await testing.drop();
});

const letterOf = async (id: number) => (await database.select().from(letters).where(eq(letters.id, id)))[0]?.letter;

async function prepared(part: string): Promise<number> {
  const found = await database.$client.query<{ statement: string }>("select statement from pg_prepared_statements");
  return found.rows.filter(({ statement }) => statement.includes(part)).length;
}

test("a statement is prepared when it comes a second time, and answers each time for its own values", async () => {
  expect(await letterOf(1)).toBe("a");
  expect(await prepared('from "letters"')).toBe(0);
  expect([await letterOf(2), await letterOf(1), await letterOf(3)]).toEqual(["b", "a", undefined]);
  expect(await prepared('from "letters"')).toBe(1);
});

test("one that fails can come again, in a transaction that is rolled back too", async () => {
  const insert = (id: number) => database.insert(letters).values({ id, letter: "c" });
  for (const _ of [1, 2, 3]) await expect(insert(1)).rejects.toThrow();
  const failed = database.transaction(async (transaction) => {
    await transaction.insert(letters).values({ id: 3, letter: "c" });
    await transaction.insert(letters).values({ id: 3, letter: "c" });
  });
  await expect(failed).rejects.toThrow();
  await insert(3);
  expect(await letterOf(3)).toBe("c");
});

test("a table that gets a column is read as before", async () => {
  await letterOf(1);
  await letterOf(1);
  await database.execute(sql`alter table letters add column extra text`);
  expect(await letterOf(1)).toBe("a");
});

test("texts of which no two are alike leave nothing behind, and a connection keeps no more than 200", async () => {
  for (let length = 1; length <= 450; length += 1) {
    await database.execute(sql`select ${length}::int where 1 in ${Array.from({ length }, () => 1)}`);
  }
  expect(await prepared("where 1 in")).toBe(0);
  for (let length = 1; length <= 250; length += 1) {
    const ask = () => database.execute(sql`select ${length}::int where 2 in ${Array.from({ length }, () => 2)}`);
    await ask();
    await ask();
  }
  expect(await prepared("$1")).toBeLessThanOrEqual(200);
});
