import { createServer } from "node:net";
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

test("an owner's address has its own role, over TCP and over a socket", () => {
  const url = "postgresql://admin:a%40b@%2Frun%2Fkilonova:5432/cloud";
  expect(databaseNameOf(url)).toBe("cloud");
  expect(maskedAddress(url)).toBe("postgresql://admin@/run/kilonova:5432/cloud");
  expect(addressOfOwner(url, "image", "p:w")).toBe("postgresql://cloud_image:p%3Aw@%2Frun%2Fkilonova:5432/cloud");
  expect(addressOfOwner("postgresql://a@db:1/cloud", "image", "x")).toBe("postgresql://cloud_image:x@db:1/cloud");
  expect(addressOfOwner(url, "image", undefined)).toBe(url);
  expect(() => roleOf("x".repeat(60), "image")).toThrow("63 bytes");
});
