import { createServer } from "node:net";
import { inspect } from "node:util";
import { type KilonovaError, messageOf } from "@kilonova/messaging";
import { sql } from "drizzle-orm";
import { expect, onTestFinished, test } from "vitest";
import { addressOfOwner, databaseNameOf, maskedAddress, roleOf } from "./address.js";
import { connectDatabase } from "./connect.js";
import { testDatabase } from "./testing/index.js";

const SETTINGS = { applicationName: "connect-test", poolSize: 2, connectTimeout: 300, statementTimeout: 300 };

test("a database that is not there is named without its password, with what to do", async () => {
  const connecting = connectDatabase({ ...SETTINGS, url: "postgresql://kilonova:s3cret@127.0.0.1:1/cloud" });
  const error = await connecting.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "database.unreachable",
    message: expect.stringMatching(
      /^PostgreSQL at postgresql:\/\/kilonova@127\.0\.0\.1:1\/cloud cannot be reached \(.*ECONNREFUSED.*\)\. Start it, or correct option database\.url\.$/,
    ),
  });
  expect(String(error)).not.toContain("s3cret");
});

test("one that is silent is given up in time", async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  await expect(connectDatabase({ ...SETTINGS, url: `postgresql://k@127.0.0.1:${port}/x` })).rejects.toMatchObject({
    code: "database.unreachable",
  });
});

test("a wrong password says so", async () => {
  const place = await testDatabase();
  onTestFinished(() => place.drop());
  const url = place.url.replace(/:[^:@/]*@/, ":wrong@");
  await expect(connectDatabase({ ...SETTINGS, url })).rejects.toMatchObject({
    code: "database.unreachable",
    message: expect.stringContaining("password authentication failed"),
  });
});

test("a statement is cancelled when it takes too long, and the pool goes on", async () => {
  const place = await testDatabase();
  const { $client: pool } = await connectDatabase({ ...SETTINGS, url: place.url, connectTimeout: 5_000 });
  onTestFinished(async () => {
    await pool.end();
    await place.drop();
  });
  await expect(pool.query("select pg_sleep(60)")).rejects.toThrow("statement timeout");
  expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
});

test("a statement that fails tells neither its text nor its values, in a transaction neither", async () => {
  const place = await testDatabase();
  const database = await connectDatabase({ ...SETTINGS, url: place.url, connectTimeout: 5_000 });
  onTestFinished(async () => {
    await database.$client.end();
    await place.drop();
  });
  await database.execute(sql`create table people (name text primary key, age integer not null)`);
  const add = sql`insert into people (name, age) values (${"s3cret"}, ${1})`;
  const incomplete = sql`insert into people (name) values (${"s3cret"})`;
  await database.execute(add);
  const words = "The database refused a statement (SQLSTATE 23505, table people, constraint people_pkey).";
  const failures: unknown[] = await Promise.all([
    database.execute(add).catch((thrown) => thrown),
    database.transaction((inner) => inner.execute(add)).catch((thrown) => thrown),
    database.transaction((outer) => outer.transaction((inner) => inner.execute(add))).catch((thrown) => thrown),
  ]);
  for (const failure of failures) {
    expect(failure).toMatchObject({ code: "database.failed", message: words, cause: { code: "23505" } });
    const { cause } = failure as KilonovaError;
    expect(messageOf(cause)).toBe('duplicate key value violates unique constraint "people_pkey"');
  }
  const missing: unknown = await database.execute(incomplete).catch((thrown) => thrown);
  expect(missing).toMatchObject({ code: "database.failed", cause: { code: "23502" } });
  for (const failure of [...failures, missing]) {
    // With all of its properties, as a log or a crash would show it.
    const shown = inspect(failure, { depth: 9, showHidden: true });
    expect(shown).not.toContain("s3cret");
    expect(shown).not.toContain("insert into");
  }
  expect((await database.execute(sql`select name from people`)).rows).toEqual([{ name: "s3cret" }]);
});

test("what broke the connection is told of a statement that it cut", async () => {
  const place = await testDatabase();
  const database = await connectDatabase({ ...SETTINGS, url: place.url, connectTimeout: 5_000 });
  await database.$client.end();
  await place.drop();
  await expect(database.execute(sql`select ${"s3cret"}`)).rejects.toMatchObject({
    code: "database.failed",
    message: "A statement did not come to its end: Cannot use a pool after calling end on the pool.",
  });
});

test("a connection that breaks between two statements of a transaction costs the transaction, not the process", async () => {
  const place = await testDatabase();
  const database = await connectDatabase({ ...SETTINGS, url: place.url, connectTimeout: 5_000 });
  onTestFinished(async () => {
    await database.$client.end();
    await place.drop();
  });
  const ended: Promise<unknown>[] = [];
  database.$client.on("acquire", (client) => void ended.push(new Promise((resolve) => client.once("end", resolve))));
  const transaction = database.transaction(async (open) => {
    const { rows } = await open.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    // Another connection of the pool ends this one, which hears of it while nothing is being asked of it.
    await database.execute(sql`select pg_terminate_backend(${rows[0]?.pid}, 5000)`);
    await Promise.race(ended);
    await open.execute(sql`select 1`);
  });
  await expect(transaction).rejects.toMatchObject({ code: "database.unreachable" });
  expect((await database.execute(sql`select 1 as one`)).rows).toEqual([{ one: 1 }]);
});

test("an owner's address has its own role, over TCP and over a socket", () => {
  const url = "postgresql://admin:a%40b@%2Frun%2Fkilonova:5432/cloud";
  expect(databaseNameOf(url)).toBe("cloud");
  expect(maskedAddress(url)).toBe("postgresql://admin@/run/kilonova:5432/cloud");
  expect(addressOfOwner(url, "image", "p:w")).toBe("postgresql://cloud_image:p%3Aw@%2Frun%2Fkilonova:5432/cloud");
  expect(addressOfOwner("postgresql://a@db:1/cloud", "image", "x")).toBe("postgresql://cloud_image:x@db:1/cloud");
  expect(addressOfOwner(url, "image", undefined)).toBe(url);
  expect(() => roleOf("x".repeat(60), "image")).toThrow("63 bytes");
});
