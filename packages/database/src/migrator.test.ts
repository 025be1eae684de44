import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { addressOfOwner, roleOf } from "./address.js";
import { connectDatabase } from "./connect.js";
import { type Migration, migrationsIn, type OwnerMigrations } from "./migration.js";
import { frameworkMigrations } from "./migrations.js";
import { Migrator } from "./migrator.js";
import { checkSchema } from "./schema-status.js";
import { type TestDatabase, testDatabase } from "./testing/index.js";

let place: TestDatabase;
beforeEach(async () => {
  place = await testDatabase();
});
afterEach(() => place.drop());

function owner(name: string, ...migrations: Migration[]): OwnerMigrations {
  return { owner: name, load: async () => migrations };
}

const first = { id: "0001-things", sql: "create table shop.things (id serial primary key, name text)" };
const second = { id: "0002-colours", sql: "alter table shop.things add column colour text" };
const other = owner("bank", { id: "0001-accounts", sql: "create table bank.accounts (id serial primary key)" });

async function connected(url: string) {
  const database = await connectDatabase({
    url,
    applicationName: "migrator-test",
    poolSize: 2,
    connectTimeout: 5_000,
    statementTimeout: 5_000,
  });
  onTestFinished(() => database.$client.end());
  return database;
}

test("migrations run once, in order, and are remembered", async () => {
  expect(await new Migrator(place.url, [frameworkMigrations, owner("shop", first)]).migrate()).toEqual([
    "framework/0001-services-locks-driver-state",
    "shop/0001-things",
  ]);
  const seen: string[] = [];
  const migrator = new Migrator(place.url, [frameworkMigrations, owner("shop", first, second)]);
  expect(await migrator.status()).toMatchObject([{}, { applied: ["0001-things"], missing: ["0002-colours"] }]);
  expect(await migrator.migrate({ onMigration: (name, id) => seen.push(`${name}/${id}`) })).toEqual([
    "shop/0002-colours",
  ]);
  expect(seen).toEqual(["shop/0002-colours"]);
  expect(await migrator.migrate()).toEqual([]);
});

test("two who migrate at the same time do it once", async () => {
  const migrator = () => new Migrator(place.url, [frameworkMigrations, owner("shop", first, second)]);
  const ran = await Promise.all([migrator().migrate(), migrator().migrate(), migrator().migrate()]);
  expect(ran.flat()).toHaveLength(3);
});

test("a migration that fails leaves nothing of itself, and those before it stay", async () => {
  const broken = { id: "0002-broken", sql: "create table shop.half (id integer); select * from nowhere" };
  await expect(new Migrator(place.url, [owner("shop", first, broken)]).migrate()).rejects.toThrow(
    'Migration shop/0002-broken failed: relation "nowhere" does not exist.',
  );
  const database = await connected(place.url);
  const { rows } = await database.$client.query(
    "select to_regclass('shop.things') as things, to_regclass('shop.half') as half",
  );
  expect(rows).toEqual([{ things: "shop.things", half: null }]);
});

describe("a process", () => {
  test("refuses a schema that was never made or is too old, and says the command", async () => {
    const database = await connected(place.url);
    await expect(checkSchema(database, [owner("shop", first)])).rejects.toMatchObject({
      code: "database.schemaTooOld",
      message: "The schema of shop is older than this release: it lacks 0001-things. Run `kilonova db migrate`.",
    });
    await new Migrator(place.url, [owner("shop", first)]).migrate();
    await checkSchema(database, [owner("shop", first)]);
    await expect(checkSchema(database, [owner("shop", first, second)])).rejects.toMatchObject({
      code: "database.schemaTooOld",
    });
  });

  test("refuses a schema of a newer release, or one that was made otherwise, and so does migrating", async () => {
    await new Migrator(place.url, [owner("shop", first, second)]).migrate();
    const database = await connected(place.url);
    const tooNew = { code: "database.schemaTooNew" };
    await expect(checkSchema(database, [owner("shop", first)])).rejects.toMatchObject(tooNew);
    await expect(new Migrator(place.url, [owner("shop", first)]).migrate()).rejects.toMatchObject(tooNew);
    const edited = owner("shop", first, { ...second, sql: "select 1" });
    await expect(checkSchema(database, [edited])).rejects.toMatchObject(tooNew);
  });
});

test("each owner's role has rights on its own schema and the framework's, and on nothing else", async () => {
  const rolePasswords = { shop: "it's secret", bank: "bank's" };
  const owners = [frameworkMigrations, owner("shop", first), other];
  await new Migrator(place.url, owners).migrate({ rolePasswords });
  await new Migrator(place.url, owners).migrate({ rolePasswords: { ...rolePasswords, shop: "it's another" } });
  await new Migrator(place.url, [...owners.slice(0, 1), owner("shop", first, second), other]).migrate({
    rolePasswords,
  });

  const { $client: shop } = await connected(addressOfOwner(place.url, "shop", rolePasswords.shop));
  await shop.query("insert into shop.things (name, colour) values ('a', 'red')");
  await shop.query("insert into framework.locks values ('l', 'h', 1, now())");
  await expect(shop.query("select * from bank.accounts")).rejects.toThrow("permission denied for schema bank");
  await expect(shop.query("create table shop.more (id integer)")).rejects.toThrow("permission denied");
  await expect(shop.query("drop table shop.things")).rejects.toThrow("must be owner");
  await expect(shop.query("delete from framework.migrations")).rejects.toThrow("permission denied");
  await expect(shop.query("create role x")).rejects.toThrow("permission denied");
  await checkSchema(await connected(addressOfOwner(place.url, "bank", rolePasswords.bank)), [other]);

  const admin = new Client({ connectionString: place.url });
  await admin.connect();
  for (const name of ["shop", "bank"]) {
    const role = roleOf(place.name, name);
    await admin.query(`drop owned by "${role}"; drop role "${role}"`);
  }
  await admin.end();
});

test("migrations are read from numbered files, and a file with another name is refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kilonova-migrations-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "0002-b.sql"), "select 2");
  await writeFile(join(folder, "0001-a.sql"), "select 1");
  await writeFile(join(folder, "README.md"), "not one");
  const migrations = migrationsIn("shop", pathToFileURL(`${folder}/`));
  expect(await migrations.load()).toEqual([
    { id: "0001-a", sql: "select 1" },
    { id: "0002-b", sql: "select 2" },
  ]);
  await writeFile(join(folder, "last.sql"), "select 3");
  await expect(migrations.load()).rejects.toThrow("last.sql");
});
