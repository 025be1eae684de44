import { RequestContext } from "@kilonova/messaging";
import { FakeClock } from "@kilonova/plugin-testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectDatabase } from "./connect.js";
import type { Database } from "./database.js";
import { DatabaseInbox, txOf } from "./inbox.js";
import { startThrowAwayPostgres, type TestDatabase, testDatabase } from "./testing/index.js";

const context = RequestContext.admin();
const TABLES = `
  CREATE SCHEMA ledger;
  CREATE TABLE ledger.inbox (message_id text PRIMARY KEY, received_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE ledger.entries (entry integer NOT NULL);`;

function connect(url: string): Promise<Database> {
  const limits = { poolSize: 8, connectTimeout: 5_000, statementTimeout: 10_000 };
  return connectDatabase({ url, applicationName: "inbox-test", ...limits, onBroken: () => {} });
}

describe("the inbox of an owner of tables", () => {
  let place: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    place = await testDatabase();
    database = await connect(place.url);
    await database.execute(TABLES);
  });
  beforeEach(() => database.execute("TRUNCATE ledger.inbox, ledger.entries"));
  afterAll(async () => {
    await database?.$client.end();
    await place?.drop();
  });

  const enter = (entry: number) => async (within: RequestContext) => {
    await txOf(within).execute(sql`INSERT INTO ledger.entries VALUES (${entry})`);
  };
  const entries = async () => (await database.execute("SELECT entry FROM ledger.entries ORDER BY 1")).rows;

  it("lets a message have its effect once, however often and at how many places at the same time it comes", async () => {
    const [one, two] = [new DatabaseInbox(database, "ledger"), new DatabaseInbox(database, "ledger")];
    const deliveries = Array.from({ length: 20 }, (_, index) =>
      (index % 2 ? one : two).receive(`message ${index % 4}`, context, enter(index % 4)),
    );
    await Promise.all(deliveries);
    await one.receive("message 2", context, enter(2));
    expect(await entries()).toEqual([{ entry: 0 }, { entry: 1 }, { entry: 2 }, { entry: 3 }]);
  });

  it("forgets a message whose work failed, with what that had written", async () => {
    const inbox = new DatabaseInbox(database, "ledger");
    const failing = inbox.receive("m", context, async (within) => {
      await enter(1)(within);
      throw new TypeError("a bug");
    });
    await expect(failing).rejects.toThrow("a bug");
    expect(await entries()).toEqual([]);
    await inbox.receive("m", context, enter(1));
    expect(await entries()).toEqual([{ entry: 1 }]);
  });

  it("gives its transaction to nobody but the work", () => {
    expect(() => txOf(context)).toThrow("mark the method with @rpcMethod({ inbox })");
  });

  it("clears away what is older than any message can come again, a bounded part at a time", async () => {
    await database.execute(
      "INSERT INTO ledger.inbox VALUES ('old', now() - interval '31 days'), ('young', now() - interval '29 days')",
    );
    const clock = new FakeClock();
    const inbox = new DatabaseInbox(database, "ledger", clock);
    await inbox.receive("m1", context, enter(1));
    await clock.advance(60_000);
    await inbox.receive("m2", context, enter(2));
    const { rows } = await database.execute("SELECT message_id FROM ledger.inbox ORDER BY 1");
    expect(rows).toEqual([{ message_id: "m1" }, { message_id: "m2" }, { message_id: "young" }]);
  });
});

it("a message waits for a database that is away, and is done once when it is back", async () => {
  const postgres = await startThrowAwayPostgres({ fsync: true });
  const { url } = await postgres.createDatabase();
  const database = await connect(url);
  try {
    await database.execute(TABLES);
    const inbox = new DatabaseInbox(database, "ledger");
    const work = async (within: RequestContext) => {
      await txOf(within).execute("INSERT INTO ledger.entries VALUES (1)");
    };
    let begun = 0;
    await inbox.receive("m", context, async (within) => {
      begun++;
      // The first time the server dies in the middle, with a statement on its way.
      if (begun === 1) {
        const sleeping = txOf(within).execute("SELECT pg_sleep(60)");
        await Promise.all([postgres.crash(), sleeping]);
      }
      await work(within);
    });
    expect(begun).toBe(2);
    await inbox.receive("m", context, work);
    expect((await database.execute("SELECT entry FROM ledger.entries")).rows).toEqual([{ entry: 1 }]);
  } finally {
    await database.$client.end();
    await postgres.stop();
  }
});
