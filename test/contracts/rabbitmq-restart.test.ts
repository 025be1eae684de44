import { setTimeout as wait } from "node:timers/promises";
import { Mailbox, rejectsWith, soon } from "@kilonova/plugin-testing";
import { RabbitmqTransport, rabbitmqOptions } from "@kilonova/transport-rabbitmq";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startRabbitMq } from "../servers/rabbitmq.mjs";

let broker: Awaited<ReturnType<typeof startRabbitMq>>;
beforeAll(async () => {
  broker = await startRabbitMq();
});
afterAll(() => broker?.stop());

async function connected(options: Readonly<Record<string, unknown>> = {}): Promise<RabbitmqTransport> {
  const transport = new RabbitmqTransport(rabbitmqOptions.schema.parse({ url: broker.url, ...options }));
  await transport.connect();
  return transport;
}

/** Calls until somebody answers: listeners come back a moment after the broker does. */
async function answered(transport: RabbitmqTransport): Promise<string> {
  for (;;) {
    const answer = await transport.call({ topic: "phoenix" }, "again", { timeLeft: 1_000 }).catch(() => undefined);
    if (answer !== undefined) return answer;
  }
}

it("a broker that is killed and comes back costs the calls in flight, and nothing else", async () => {
  const [client, server] = [await connected(), await connected()];
  const impatient = await connected({ sendTimeout: 0.3 });
  const arrived = new Mailbox<string>();
  await server.listen({ topic: "phoenix", server: "one" }, async ({ kind, body }) => {
    arrived.put(`${kind} ${body}`);
    return body === "slow" ? new Promise<undefined>(() => {}) : "answer";
  });
  expect(await client.call({ topic: "phoenix" }, "before", { timeLeft: 10_000 })).toBe("answer");
  expect(await arrived.take("the call")).toBe("call before");

  const inFlight = rejectsWith(
    "transport.unreachable",
    client.call({ topic: "phoenix" }, "slow", { timeLeft: 60_000 }),
  );
  expect(await arrived.take("the slow call")).toBe("call slow");
  // RabbitMQ 3.10 writes the outcome of a new quorum queue's first election lazily, and tells nobody when it is on disk:
  // killed within that second, the queue never has a leader again (docs/decisions/0005-queues.md).
  await wait(2_000);
  await broker.kill();
  await inFlight;
  await rejectsWith("transport.unreachable", impatient.cast({ topic: "phoenix" }, "impatient"));
  await rejectsWith("transport.unreachable", impatient.call({ topic: "phoenix" }, "x", { timeLeft: 10_000 }));
  await rejectsWith("rpc.deadlineExceeded", client.call({ topic: "phoenix" }, "x", { timeLeft: 200 }));
  const cast = client.cast({ topic: "phoenix" }, "patient");

  await broker.start();
  await cast;
  const received: string[] = [];
  while (!received.includes("cast patient")) received.push(await soon("the cast", arrived.take("the cast")));
  expect(await answered(client)).toBe("answer");
  while (arrived.length > 0) await arrived.take("an answered call");
  await client.fanout("phoenix", "news");
  expect(await arrived.take("the fanout")).toBe("fanout news");
  await Promise.all([client.close(), server.close(), impatient.close()]);
});

it("a transport is closed without a broker", async () => {
  const transport = await connected();
  await transport.listen({ topic: "lonely", server: "one" }, async () => undefined);
  await broker.kill();
  await transport.close();
  await rejectsWith("transport.closed", transport.cast({ topic: "lonely" }, "x"));
});
