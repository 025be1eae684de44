import { getTableColumns, is } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as tables from "./tables/index.js";
import { type ComputeDatabase, computeDatabase } from "./testing/index.js";

let store: ComputeDatabase;
beforeAll(async () => {
  store = await computeDatabase();
});
afterAll(() => store.drop());

const all = Object.values(tables).filter((value) => is(value, PgTable));

test("the migrations make the tables as the queries know them", async () => {
  expect(all).not.toEqual([]);
  for (const table of all) {
    const { schema, name, indexes } = getTableConfig(table);
    const { rows: columns } = await store.database.$client.query<{ column_name: string; is_nullable: string }>(
      "select column_name, is_nullable from information_schema.columns where table_schema = $1 and table_name = $2",
      [schema, name],
    );
    const here = Object.values(getTableColumns(table)).map((column) => [column.name, !column.notNull]);
    const there = columns.map(({ column_name, is_nullable }) => [column_name, is_nullable === "YES"]);
    expect([name, ...there.sort()]).toEqual([name, ...here.sort()]);

    const { rows: made } = await store.database.$client.query<{ indexname: string }>(
      "select indexname from pg_indexes where schemaname = $1 and tablename = $2",
      [schema, name],
    );
    expect(made.map(({ indexname }) => indexname)).toEqual(
      expect.arrayContaining(indexes.map((index) => index.config.name)),
    );
  }
});
