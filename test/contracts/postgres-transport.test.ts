import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { type TestDatabase, testDatabase } from "@kilonova/database/testing";
import { DELIVERY_LIMIT, type Delivery } from "@kilonova/messaging";
import { Mailbox, rejectsWith, soon, transportSuite } from "@kilonova/plugin-testing";
import { PostgresTransport, transportPostgresOptions } from "@kilonova/transport-postgres";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const LISTENER = new URL("../dist/contracts/postgres-listener-process.js", import.meta.url);

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database?.drop());

function unconnected(options: Readonly<Record<string, unknown>> = {}): PostgresTransport {
  return new PostgresTransport(transportPostgresOptions.schema.parse({ url: database.url, ...options }));
}

async function connected(options?: Readonly<Record<string, unknown>>): Promise<PostgresTransport> {
  const transport = unconnected(options);
  await transport.connect();
  return transport;
}

function testTopic(): string {
  return `test-${randomUUID().slice(0, 8)}`;
}

async function query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** A process that listens, and tells what it does. */
async function listenerProcess(topic: string, work: "hold" | "finish") {
  const child = fork(LISTENER, [database.url, topic, work]);
  const said = new Mailbox<unknown>();
  child.on("message", (message) => said.put(message));
  expect(await said.take("the listener")).toBe("listening");
  return { child, said };
}

describe("the PostgreSQL transport", () => {
  for (const check of transportSuite(() => connected())) it(check.name, check.run);

  it("is ready when many processes make its schema at the same time", async () => {
    const fresh = await testDatabase();
    const transports = Array.from({ length: 5 }, () => unconnected({ url: fresh.url }));
    await Promise.all(transports.map((transport) => transport.connect()));
    await Promise.all(transports.map((transport) => transport.close()));
    await fresh.drop();
  });
});

describe("a role that may but use the schema", () => {
  it("is enough for a process, and says what it lacks where it has not even that", async () => {
    const fresh = await testDatabase();
    await (await connected({ url: fresh.url })).close();
    const owner = new Client({ connectionString: fresh.url });
    await owner.connect();
    const role = `messenger_${randomUUID().slice(0, 8)}`;
    await owner.query(`create role ${role} login password 'messenger'`);
    const address = new URL(fresh.url);
    [address.username, address.password] = [role, "messenger"];
    await rejectsWith("transport.refused", unconnected({ url: address.href }).connect());
    await owner.query(`
      grant usage on schema messaging to ${role};
      grant select on messaging.schema_version to ${role};
      grant select, insert, update, delete on messaging.sessions, messaging.listeners, messaging.calls, messaging.answers,
        messaging.fanouts, messaging.casts, messaging.dead_letters, messaging.sweeps to ${role};
      grant usage on all sequences in schema messaging to ${role};
    `);
    const transport = await connected({ url: address.href });
    await transport.listen({ topic: "humble", server: "one" }, async ({ body }) => body);
    expect(await transport.call({ topic: "humble" }, "enough", { timeLeft: 10_000 })).toBe("enough");
    await transport.cast({ topic: "humble" }, "enough");
    await transport.close();
    await owner.end();
    await fresh.drop();
  });
});

describe("a process that is killed", () => {
  it("fails its callers with rpc.peerLost, is called no more, and gives its casts back", async () => {
    const topic = testTopic();
    const client = await connected();
    const { child, said } = await listenerProcess(topic, "hold");
    const call = client.call({ topic }, "a call", { timeLeft: 60_000 });
    expect(await said.take("the call")).toBe("a call");
    await client.cast({ topic, server: "killed" }, "a cast");
    expect(await said.take("the cast")).toBe("a cast");

    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await rejectsWith("rpc.peerLost", call);
    await exited;
    await rejectsWith("rpc.noListener", client.call({ topic }, "x", { timeLeft: 60_000 }));

    const deliveries = new Mailbox<Delivery>();
    const heir = await connected();
    await heir.listen({ topic, server: "killed" }, async (delivery) => {
      deliveries.put(delivery);
      return undefined;
    });
    expect(await deliveries.take("the cast")).toMatchObject({ body: "a cast", redelivered: true });
    await Promise.all([client.close(), heir.close()]);
  });

  it("in the middle of many casts loses none", async () => {
    const topic = testTopic();
    const [client, heir] = [await connected(), await connected()];
    const { child, said } = await listenerProcess(topic, "finish");
    const bodies = Array.from({ length: 300 }, (_, number) => String(number));
    const done = new Set<unknown>();
    const casts = Promise.all(bodies.map((body) => client.cast({ topic }, body)));
    while (done.size < 20) done.add(await said.take("a finished cast"));
    child.kill("SIGKILL");
    await casts;
    await heir.listen({ topic, server: "heir" }, async ({ body }) => {
      said.put(body);
      return undefined;
    });
    while (done.size < bodies.length) done.add(await said.take(`a cast after ${done.size} of ${bodies.length}`));
    expect([...done].sort()).toEqual([...bodies].sort());
    await Promise.all([client.close(), heir.close()]);
  });
});

describe("a cast that fails too often", () => {
  it("is a dead letter with its reason, which can be cast again or dropped", async () => {
    const topic = testTopic();
    const transport = await connected();
    const tries = new Mailbox<Delivery>();
    const listener = await transport.listen({ topic, server: "one" }, async (delivery) => {
      tries.put(delivery);
      throw new Error(`it never works: ${delivery.body}`);
    });
    const untilDead = async () => {
      for (let tried = 0; tried < DELIVERY_LIMIT; tried++) await tries.take(`try ${tried + 1}`);
    };
    await transport.cast({ topic, server: "one" }, "bad");
    await untilDead();
    await listener.stop();
    const [letter] = await transport.deadLetters.list(topic, 10);
    expect(letter).toMatchObject({
      address: { topic, server: "one" },
      deliveries: DELIVERY_LIMIT,
      reason: "it never works: bad",
      body: "bad",
    });
    expect(letter?.at).toBeGreaterThan(1_700_000_000_000);
    const id = letter?.id ?? "";

    expect(await transport.deadLetters.retry("other", id)).toBe(false);
    expect(await transport.deadLetters.retry(topic, id)).toBe(true);
    expect(await transport.deadLetters.retry(topic, id)).toBe(false);
    expect(await transport.deadLetters.list(topic, 10)).toEqual([]);
    const again = await transport.listen({ topic, server: "one" }, async (delivery) => {
      tries.put(delivery);
      throw new Error("still not");
    });
    expect((await tries.take("the first try")).redelivered).toBe(false);
    for (let tried = 1; tried < DELIVERY_LIMIT; tried++) await tries.take(`try ${tried + 1}`);
    await again.stop();
    const [second] = await transport.deadLetters.list(topic, 10);
    expect(second?.reason).toBe("still not");
    expect(await transport.deadLetters.drop(topic, second?.id ?? "")).toBe(true);
    expect(await transport.deadLetters.drop(topic, "no id")).toBe(false);
    expect(await transport.deadLetters.list(topic, 10)).toEqual([]);
    await transport.close();
  });
});

describe("what waits", () => {
  it("is counted for the queues of the process's listeners", async () => {
    const topic = testTopic();
    const transport = await connected();
    const held = new Mailbox<() => void>();
    await transport.listen(
      { topic, server: "one" },
      () => new Promise((resolve) => held.put(() => resolve(undefined))),
      { concurrency: 1 },
    );
    await transport.cast({ topic }, "worked on");
    const finish = await held.take("the first");
    await transport.cast({ topic }, "waits");
    const depths = await transport.queueDepths();
    expect(depths).toContainEqual({ address: { topic }, kind: "cast", messages: 1 });
    expect(depths).toContainEqual({ address: { topic, server: "one" }, kind: "call", messages: 0 });
    expect(depths).toContainEqual({ address: { topic }, kind: "dead", messages: 0 });
    finish();
    (await held.take("the second"))();
    await transport.close();
  });
});

describe("a server that ends all connections", () => {
  it("costs the calls in flight, and nothing else", async () => {
    const topic = testTopic();
    const [client, server] = [await connected(), await connected()];
    const arrived = new Mailbox<string>();
    await server.listen({ topic, server: "one" }, async ({ kind, body }) => {
      arrived.put(`${kind} ${body}`);
      return body === "slow" ? new Promise<undefined>(() => {}) : "answer";
    });
    const inFlight = rejectsWith("transport.unreachable", client.call({ topic }, "slow", { timeLeft: 60_000 }));
    expect(await arrived.take("the slow call")).toBe("call slow");
    await query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    await inFlight;
    await client.cast({ topic }, "patient");
    expect(await arrived.take("the cast")).toBe("cast patient");
    const answered = async (): Promise<string> =>
      client.call({ topic }, "again", { timeLeft: 1_000 }).catch(() => answered());
    expect(await soon("an answer", answered())).toBe("answer");
    while (arrived.length > 0) await arrived.take("an answered call");
    await client.fanout(topic, "news");
    expect(await arrived.take("the fanout")).toBe("fanout news");
    await Promise.all([client.close(), server.close()]);
  });
});

describe("what nobody needs any more", () => {
  it("is taken away: expired calls, and all of a process that is gone", async () => {
    const topic = testTopic();
    const [client, server] = [await connected(), await connected()];
    const arrived = new Mailbox<string>();
    await server.listen(
      { topic, server: "one" },
      ({ body }) => {
        arrived.put(body);
        return new Promise(() => {});
      },
      { concurrency: 1 },
    );
    const taken = rejectsWith("rpc.deadlineExceeded", client.call({ topic }, "taken", { timeLeft: 2_000 }));
    expect(await arrived.take("the one that was taken")).toBe("taken");
    await taken;
    await rejectsWith("rpc.deadlineExceeded", client.call({ topic }, "waiting", { timeLeft: 100 }));
    const left = async (): Promise<number> => {
      const [row] = await query<{ calls: number }>(
        "select count(*)::integer as calls from messaging.calls where queue = $1",
        [topic],
      );
      return row?.calls === 0 ? 0 : left();
    };
    expect(await soon("the sweep", left())).toBe(0);
    await server.close();
    expect(await query("select from messaging.listeners where queue = $1", [topic])).toEqual([]);
    expect(arrived.length).toBe(0);
    await client.close();
  });
});

describe("a server that can't be used", () => {
  const failureOf = async (options: Readonly<Record<string, unknown>>) => {
    const transport = unconnected(options);
    const failure = await transport.connect().then(
      () => expect.fail("it connected"),
      (error: Error & { code: string }) => error,
    );
    await transport.close();
    return failure;
  };

  it("because nobody is there is named without its password, with what to do", async () => {
    const failure = await failureOf({ url: "postgresql://joe:s3cret@127.0.0.1:1/cloud", connectTimeout: 0.3 });
    expect(failure.code).toBe("transport.unreachable");
    expect(failure.message).toBe(
      "PostgreSQL at postgresql://joe@127.0.0.1:1/cloud can't be reached (connect ECONNREFUSED 127.0.0.1:1). Start it, or correct the option transportPostgres.url.",
    );
    expect(JSON.stringify([failure, failure.cause, failure.stack])).not.toContain("s3cret");
  });

  it("because it says nothing is given up in time", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const failure = await failureOf({ url: `postgresql://127.0.0.1:${port}/cloud`, connectTimeout: 0.3 });
    expect(failure.code).toBe("transport.unreachable");
    silent.close();
  });

  it("because it has no such database is given up at once", async () => {
    const failure = await failureOf({ url: database.url.replace(/\/[^/]*$/, "/nowhere"), connectTimeout: 60 });
    expect(failure).toMatchObject({ code: "transport.refused", message: expect.stringContaining("nowhere") });
  });

  it("because its schema is of another version says which", async () => {
    const fresh = await testDatabase();
    await (await connected({ url: fresh.url })).close();
    const client = new Client({ connectionString: fresh.url });
    await client.connect();
    await client.query("update messaging.schema_version set version = 7");
    await client.end();
    const failure = await failureOf({ url: fresh.url, connectTimeout: 60 });
    expect(failure).toMatchObject({ code: "transport.refused", message: expect.stringContaining("version 7") });
    await fresh.drop();
  });

  it.each(["localhost", "http://localhost/x", "postgresql://host", "postgresql:"])(
    "is refused as an option: %s",
    (url) => {
      expect(transportPostgresOptions.schema.safeParse({ url }).success).toBe(false);
    },
  );
});

describe("an address that is none", () => {
  it("is refused, and spoils nothing of what is sent with it", async () => {
    const topic = testTopic();
    const transport = await connected();
    const good = transport.cast({ topic }, "good");
    await rejectsWith("contract.invalid", transport.cast({ topic, server: "a\0b" }, "bad"));
    await rejectsWith("contract.invalid", transport.call({ topic: "A b" }, "bad", { timeLeft: 1_000 }));
    await good;
    await transport.close();
  });
});
