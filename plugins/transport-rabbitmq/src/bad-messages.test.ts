import { method, RequestContext, Rpc, rpcContract } from "@kilonova/messaging";
import { Mailbox } from "@kilonova/plugin-testing";
import { Connection, type Publisher } from "rabbitmq-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { connected, removeTopics, testTopic, testUrl } from "./testing/broker.js";
import { callQueue, castQueue, fanoutExchange, replyQueue } from "./topology.js";

const MEBIBYTE = 2 ** 20;
const deep = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;

/** What the others get, whatever else is sent. */
const post = rpcContract("post", "1.0", {
  deliver: method({ args: z.object({ to: z.string() }) }),
  count: method({ args: z.object({ of: z.string() }), result: z.int() }),
});

function envelope(changes: Readonly<Record<string, unknown>> = {}): string {
  const context = { requestId: "req-1", roles: [], isAdmin: false, readDeleted: "no" };
  const good = { v: 1, id: "1", contract: "post", version: "1.0", method: "deliver", args: { to: "Ada" }, context };
  return JSON.stringify({ ...good, ...changes });
}

interface BadMessage {
  readonly what: string;
  readonly body: Buffer;
  /** What whoever sent it says that it is; without it, plain text. */
  readonly contentType?: string;
  readonly reason: string;
}

const text = (body: string): Buffer => Buffer.from(body);
const forged = { requestId: "r".repeat(10_000), roles: "admin", isAdmin: "yes", readDeleted: "no" };
const bad: readonly BadMessage[] = [
  { what: "one that is no JSON", body: text("{"), reason: "rpc.badMessage: A message is no JSON." },
  {
    what: "one that says it is JSON, and is none",
    body: text("{"),
    contentType: "application/json",
    reason: "rpc.badMessage: A message is no JSON.",
  },
  { what: "bytes that are no text", body: Buffer.alloc(1_000, 0xff), reason: "rpc.badMessage: A message is no JSON." },
  { what: "an empty one", body: text(""), reason: "rpc.badMessage: A message is no JSON." },
  {
    what: "one nested 10,000 deep",
    body: text(envelope({ args: {} }).replace('"args":{}', `"args":${deep}`)),
    reason: "rpc.badMessage: A message is nested deeper than 100.",
  },
  {
    what: "one nested 10,000 deep that the library reads before us",
    body: text(deep),
    contentType: "application/json",
    reason: "rpc.badMessage: A message is",
  },
  {
    what: "a forged context",
    body: text(envelope({ context: forged })),
    reason: "rpc.badMessage: A message could not be read: ",
  },
  { what: "an unknown contract", body: text(envelope({ contract: "mail" })), reason: "rpc.unknownContract: " },
  { what: "an unknown method", body: text(envelope({ method: "toString" })), reason: "rpc.unknownMethod: " },
  { what: "a version that is not served", body: text(envelope({ version: "2.0" })), reason: "rpc.unsupportedVersion" },
  { what: "wrong arguments", body: text(envelope({ args: { to: 1 } })), reason: "rpc.badArguments: " },
];

describe("a message that anybody can put into a queue", () => {
  let connection: Connection;
  let publisher: Publisher;
  beforeAll(async () => {
    connection = new Connection({ url: testUrl(), noDelay: true });
    publisher = connection.createPublisher({ confirm: true });
  });
  afterAll(async () => {
    await publisher.close();
    await connection.close();
    await removeTopics();
  });

  /** Who serves, with what he was told and what failed, and one who asks. */
  async function world() {
    const topic = testTopic();
    const contract = { ...post, topic };
    const told = new Mailbox<string>();
    const failures = new Mailbox<unknown>();
    const transport = await connected();
    const rpc = new Rpc(transport, { onFailure: ({ error }) => failures.put(error) });
    const deliver = async (_: RequestContext, { to }: { to: string }) => void told.put(to);
    const count = async (_: RequestContext, { of }: { of: string }) => of.length;
    const handlers = new Map<string, (context: RequestContext, args: never) => Promise<unknown>>([
      ["deliver", deliver],
      ["count", count],
    ]);
    await rpc.serve({ topic, server: "one" }, [{ contract, handlers }]);
    return { topic, told, failures, transport, client: rpc.client(contract) };
  }

  it.each(bad)("is a dead letter that says why, and costs nobody else anything: $what", async (message) => {
    const { topic, told, failures, transport, client } = await world();
    const { body, contentType = "text/plain", reason } = message;
    // A message that names no sender is refused whatever it asks.
    const userId = new URL(testUrl()).username;
    await publisher.send({ routingKey: castQueue({ topic }).queue, contentType, userId }, body);
    await publisher.send({ exchange: fanoutExchange(topic).exchange, contentType, userId }, body);
    const asked = { replyTo: replyQueue(userId).queue, correlationId: "any" };
    await publisher.send({ routingKey: callQueue({ topic }).queue, contentType, userId, ...asked }, body);
    await client.cast.deliver(new RequestContext(), { to: "Grace" });
    expect(await told.take("the cast")).toBe("Grace");
    expect(await client.call.count(new RequestContext(), { of: "four" })).toBe(4);
    for (const way of ["cast", "fanout", "call"]) await failures.take(`the refusal of a ${way}`);
    await expect.poll(() => transport.deadLetters?.list(topic, 10)).toHaveLength(1);
    const [letter] = (await transport.deadLetters?.list(topic, 10)) ?? [];
    expect(letter?.reason).toContain(reason);
    expect([told.length, failures.length]).toEqual([0, 0]);
    await transport.close();
  });

  it("is refused by its length, unread, whatever the broker lets through", async () => {
    const { topic, told, failures, transport, client } = await world();
    const routingKey = castQueue({ topic }).queue;
    const send = (bytes: number) => publisher.send({ routingKey }, Buffer.alloc(bytes, "["));
    // RabbitMQ takes 128 MiB up to 3.13, and 16 MiB from 4.0 on.
    await send(100 * MEBIBYTE).catch(() => send(15 * MEBIBYTE));
    expect(await failures.take("the refusal")).toMatchObject({ code: "rpc.badMessage" });
    await client.cast.deliver(new RequestContext(), { to: "Grace" });
    expect(await told.take("the cast")).toBe("Grace");
    await expect.poll(() => transport.deadLetters?.list(topic, 10)).toHaveLength(1);
    const [letter] = (await transport.deadLetters?.list(topic, 10)) ?? [];
    expect(letter?.reason).toContain("it is longer than may be sent");
    // What is kept of it is no longer than what may be sent, and one letter.
    expect(letter?.body).toHaveLength(8 * MEBIBYTE + 1);
    await transport.close();
  });
});
