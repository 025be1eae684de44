import { fork } from "node:child_process";
import { createServer } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { type Delivery, isKilonovaError, type Transport } from "@kilonova/messaging";
import { Mailbox, rejectsWith, soon, transportSuite } from "@kilonova/plugin-testing";
import { Connection } from "rabbitmq-client";
import { afterAll, describe, expect, it } from "vitest";
import { rabbitmqOptions } from "./options.js";
import { connected, removeTopics, testTopic, testUrl, unconnected } from "./testing/broker.js";
import { castQueue, deadQueue } from "./topology.js";

afterAll(removeTopics);

describe("the RabbitMQ transport", () => {
  for (const check of transportSuite(connected, { newTopic: testTopic })) it(check.name, check.run);
});

/** A process that says what it is given, and finishes none of it. */
async function dyingListener(topic: string) {
  const process = fork(new URL("../dist/testing/dying-listener.js", import.meta.url), [testUrl(), topic]);
  const said = new Mailbox<unknown>();
  process.on("message", (message) => said.put(message));
  await said.take("the listener");
  return { said, kill: () => process.kill("SIGKILL") };
}

describe("a process that dies", () => {
  it("takes its call queues along and gives its casts back", async () => {
    const topic = testTopic();
    const client = await connected();
    const { said, kill } = await dyingListener(topic);
    await client.cast({ topic }, "topic work");
    await client.cast({ topic, server: "dying" }, "host work");
    expect([await said.take("a cast"), await said.take("a cast")].sort()).toEqual(["host work", "topic work"]);

    kill();
    await soon("calls that find no listener", rejectsWith("rpc.noListener", unheard(client, topic)));

    const deliveries = new Mailbox<Delivery>();
    const heir = await connected();
    await heir.listen({ topic, server: "dying" }, async (delivery) => {
      deliveries.put(delivery);
      return undefined;
    });
    const again = [await deliveries.take("a cast"), await deliveries.take("a cast")];
    expect(again.map(({ body, redelivered }) => [body, redelivered]).sort()).toEqual([
      ["host work", true],
      ["topic work", true],
    ]);
    await Promise.all([client.close(), heir.close()]);
  });

  it("fails the calls that it worked on: nobody waits for their deadline", async () => {
    const topic = testTopic();
    const client = await connected();
    const { said, kill } = await dyingListener(topic);
    const calls = [{ topic }, { topic, server: "dying" }].map((address) =>
      rejectsWith("rpc.peerLost", client.call(address, "x", { timeLeft: 3_600_000 })),
    );
    await Promise.all(calls.map(() => said.take("a call")));
    kill();
    await soon("the end of the calls", Promise.all(calls));
    await client.close();
  });

  it("fails them, too, where others listen: none of those begins them anew", async () => {
    const topic = testTopic();
    const [client, other] = [await connected(), await connected()];
    const { said, kill } = await dyingListener(topic);
    const call = rejectsWith("rpc.peerLost", client.call({ topic }, "x", { timeLeft: 3_600_000 }));
    await said.take("the call");
    const deliveries = new Mailbox<string>();
    await other.listen({ topic, server: "other" }, async ({ body }) => {
      deliveries.put(body);
      return body;
    });
    kill();
    await soon("the end of the call", call);
    expect(await client.call({ topic }, "after", { timeLeft: 10_000 })).toBe("after");
    expect(await deliveries.take("what the other was given")).toBe("after");
    await Promise.all([client.close(), other.close()]);
  });
});

describe("a listener that lets go at once", () => {
  it("gives back no cast that it has finished, though it says so together with others, a moment later", async () => {
    const topic = testTopic();
    const [client, first, heir] = [await connected(), await connected(), await connected()];
    const done = new Mailbox<string>();
    const perform = async ({ body }: Delivery) => void done.put(body);
    await first.listen({ topic, server: "first" }, perform);
    await client.cast({ topic }, "finished");
    expect(await done.take("the cast")).toBe("finished");
    await turn();
    await first.close();
    await heir.listen({ topic, server: "heir" }, perform);
    for (const body of ["next", "last"]) {
      await client.cast({ topic }, body);
      expect(await done.take("what the heir was given")).toBe(body);
    }
    await Promise.all([client.close(), heir.close()]);
  });
});

describe("a listener that stops", () => {
  it("answers what it has in hand, though its queue is gone by then", async () => {
    const [topic, dyingTopic] = [testTopic(), testTopic()];
    const [client, server] = [await connected(), await connected()];
    const held = new Mailbox<(answer: string) => void>();
    const listener = await server.listen({ topic, server: "one" }, async ({ body }) =>
      body === "x" ? new Promise<string>((resolve) => held.put(resolve)) : body,
    );
    const answer = client.call({ topic }, "x", { timeLeft: 3_600_000 });
    const finish = await held.take("the call");
    const stopping = listener.stop();
    await soon("the end of its queue", rejectsWith("rpc.noListener", unheard(client, topic)));

    // Its caller has looked for the queues of both calls when it finds out that nobody answers the other.
    const { said, kill } = await dyingListener(dyingTopic);
    const lost = rejectsWith("rpc.peerLost", client.call({ topic: dyingTopic }, "x", { timeLeft: 3_600_000 }));
    await said.take("the other call");
    kill();
    await soon("the end of the other call", lost);
    finish("answered");
    expect(await soon("the answer", answer)).toBe("answered");
    await stopping;
    await Promise.all([client.close(), server.close()]);
  });
});

/** Fails as a call does that nobody takes, as soon as nobody does. */
async function unheard(client: Transport, topic: string): Promise<never> {
  for (;;) {
    await client.call({ topic }, "y", { timeLeft: 300 }).catch((error: unknown) => {
      if (!isKilonovaError(error, "rpc.deadlineExceeded")) throw error;
    });
  }
}

describe("a listener that works on few messages at a time", () => {
  it("is handed no more than those: others of its topic get the rest", async () => {
    const topic = testTopic();
    const [client, busy, idle] = [await connected(), await connected(), await connected()];
    const begun = new Mailbox<string>();
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await busy.listen(
      { topic, server: "busy" },
      async ({ body }) => {
        begun.put(body);
        await finished;
        return undefined;
      },
      { concurrency: 1 },
    );
    const bodies = Array.from({ length: 10 }, (_, index) => `cast ${index}`);
    for (const body of bodies) await client.cast({ topic }, body);
    const held = await begun.take("the one that is worked on");

    const others = new Mailbox<string>();
    await idle.listen({ topic, server: "idle" }, async ({ body }) => {
      others.put(body);
      return undefined;
    });
    const taken: string[] = [];
    while (taken.length < bodies.length - 1) taken.push(await soon("the rest", others.take("a cast")));
    expect([held, ...taken].sort()).toEqual(bodies);
    finish();
    await Promise.all([client.close(), busy.close(), idle.close()]);
  });
});

describe("what waits", () => {
  it("is counted with the broker, without what a process was handed already", async () => {
    const topic = testTopic();
    const transport = await connected({ prefetch: 1 });
    const held = new Mailbox<() => void>();
    const work = () => new Promise<undefined>((resolve) => held.put(() => resolve(undefined)));
    await transport.listen({ topic, server: "one" }, work, { concurrency: 1 });
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

  it("is told of the other queues where one was deleted", async () => {
    const topic = testTopic();
    const transport = await connected();
    await transport.listen({ topic, server: "one" }, async () => undefined);
    const connection = new Connection({ url: testUrl(), noDelay: true });
    await connection.queueDelete({ queue: deadQueue(topic).queue });
    await connection.close();
    const kinds = new Set((await transport.queueDepths()).map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(["call", "cast"]));
    await transport.close();
  });
});

describe("a cast that fails too often", () => {
  it("ends in the dead-letter queue of its topic", async () => {
    const topic = testTopic();
    const transport = await connected();
    const failing = await transport.listen({ topic, server: "one" }, async () => {
      throw new Error("never");
    });
    await transport.cast({ topic }, "for anyone");
    await transport.cast({ topic, server: "one" }, "for one");
    const dead = new Mailbox<unknown>();
    const broker = new Connection({ url: testUrl(), noDelay: true });
    const consumer = broker.createConsumer(
      { queue: deadQueue(topic).queue, queueOptions: deadQueue(topic) },
      ({ body }) => {
        dead.put(body);
      },
    );
    expect([await dead.take("a dead letter"), await dead.take("a dead letter")].sort()).toEqual([
      "for anyone",
      "for one",
    ]);
    await consumer.close();
    await broker.close();
    await failing.stop();
    await transport.close();
  });
});

describe("a broker that can't be used", () => {
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
    const failure = await failureOf({ url: "amqp://joe:s3cret@127.0.0.1:1/cloud", connectTimeout: 0.3 });
    expect(failure.code).toBe("transport.unreachable");
    expect(failure.message).toBe(
      "RabbitMQ at amqp://joe@127.0.0.1:1/cloud can't be reached (connect ECONNREFUSED 127.0.0.1:1). Start it, or correct the option rabbitmq.url.",
    );
    expect(JSON.stringify([failure, failure.cause, failure.stack])).not.toContain("s3cret");
  });

  it("because it says nothing is given up in time", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const failure = await failureOf({ url: `amqp://127.0.0.1:${port}`, connectTimeout: 0.3 });
    expect(failure).toMatchObject({
      code: "transport.unreachable",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
    silent.close();
  });

  it("because it refuses the log-in is given up at once", async () => {
    const url = new URL(testUrl());
    url.password = "s3cret";
    const failure = await failureOf({ url: url.href, connectTimeout: 60 });
    expect(failure).toMatchObject({ code: "transport.refused", message: expect.stringContaining("ACCESS_REFUSED") });
    expect(failure.message).not.toContain("s3cret");
  });

  it("because a queue is there with other arguments says which", async () => {
    const topic = testTopic();
    const { queue } = castQueue({ topic });
    const broker = new Connection({ url: testUrl(), noDelay: true });
    await broker.queueDeclare({ queue, durable: true });
    await broker.close();
    const transport = await connected();
    await rejectsWith("transport.refused", transport.cast({ topic }, "x"));
    const listening = transport.listen({ topic, server: "one" }, async () => undefined);
    await expect(listening).rejects.toMatchObject({
      code: "transport.refused",
      message: expect.stringContaining(queue),
    });
    await transport.close();
  });

  it.each(["localhost", "http://localhost", "amqp://", "amqp:localhost:5672:"])(
    "is refused as an option: %s",
    (url) => {
      expect(rabbitmqOptions.schema.safeParse({ url }).success).toBe(false);
    },
  );
});
