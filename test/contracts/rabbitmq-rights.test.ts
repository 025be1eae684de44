import { type Delivery, isKilonovaError } from "@kilonova/messaging";
import { Mailbox, rejectsWith, soon } from "@kilonova/plugin-testing";
import { RabbitmqTransport, rabbitmqOptions } from "@kilonova/transport-rabbitmq";
import { type Channel, Connection } from "rabbitmq-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { BrokerWithRights } from "../servers/broker-with-rights.js";

const OWN = "v1.compute.one.call";
const REPLY = (user: string) => `reply.v1.${user}.00000000-0000-0000-0000-000000000000`;
const PATIENT = { timeLeft: 10_000 };
const letters = z.array(z.object({ id: z.string(), host: z.string().nullable() }));

let broker: BrokerWithRights;
const open: RabbitmqTransport[] = [];
beforeAll(async () => {
  broker = await BrokerWithRights.start("--host", "one", "--host", "two");
});
afterAll(() => broker?.stop());
afterEach(async () => {
  await Promise.all(open.splice(0).map((transport) => transport.close()));
});

async function as(user: string): Promise<RabbitmqTransport> {
  const transport = new RabbitmqTransport(rabbitmqOptions.schema.parse({ url: broker.urlOf(user) }));
  open.push(transport);
  await transport.connect();
  return transport;
}

/** A process of that user that listens on its topic, and keeps what it hears. */
async function listening(user: string, topic: string, server: string) {
  const heard = new Mailbox<Delivery>();
  const transport = await as(user);
  await transport.listen({ topic, server }, async (delivery) => {
    heard.put(delivery);
    if (delivery.body === "fails") throw new Error("it fails");
    if (delivery.body === "never") return new Promise<string>(() => {});
    return `${server} answers`;
  });
  return { transport, heard };
}

describe("users with the rights that `kilonova rpc permissions` prints", () => {
  it("call, cast and fan out as services do, and are answered; receivers know who sent it", async () => {
    const conductor = await listening("conductor", "conductor", "control");
    const one = await listening("compute.one", "compute", "one");
    const two = await listening("compute.two", "compute", "two");
    const api = await as("api");

    expect(await api.call({ topic: "compute", server: "one" }, "console", PATIENT)).toBe("one answers");
    expect(await one.heard.take("the call")).toMatchObject({ kind: "call", sender: "api" });
    expect(await one.transport.call({ topic: "conductor" }, "take", PATIENT)).toBe("control answers");
    expect(await conductor.heard.take("the call")).toMatchObject({ kind: "call", sender: "compute.one" });
    await conductor.transport.cast({ topic: "compute", server: "two" }, "build");
    expect(await two.heard.take("the cast")).toMatchObject({ kind: "cast", sender: "conductor", body: "build" });
    await api.cast({ topic: "conductor" }, "schedule");
    expect(await conductor.heard.take("the cast")).toMatchObject({ kind: "cast", sender: "api" });
    await api.fanout("compute", "news");
    for (const { heard } of [one, two])
      expect(await heard.take("the fanout")).toMatchObject({ kind: "fanout", sender: "api", body: "news" });
  });

  it.each([
    ["compute.one", { user: "conductor", topic: "conductor", server: "control" }],
    ["api", { user: "compute.one", topic: "compute", server: "one" }],
  ])("are told that whoever took their call is gone: %s", async (caller, { user, topic, server }) => {
    const callee = await listening(user, topic, server);
    const shared = topic === "compute" ? { topic, server } : { topic };
    const lost = rejectsWith("rpc.peerLost", (await as(caller)).call(shared, "never", { timeLeft: 3_600_000 }));
    await callee.heard.take("the call");
    await callee.transport.close();
    await soon("the end of the call", lost);
  });

  it("put a cast back that failed, still as its sender's, and give it up in the end, for the operator", async () => {
    const one = await listening("compute.one", "compute", "one");
    const conductor = await as("conductor");
    await conductor.cast({ topic: "compute", server: "one" }, "fails");
    for (let delivery = 1; delivery <= 5; delivery++)
      expect(await one.heard.take("the cast")).toMatchObject({ sender: "conductor", redelivered: delivery > 1 });
    const [letter] = await untilListed(1);
    expect(letter?.host).toBe("one");
    expect(await broker.rpc("dead", "retry", letter?.id ?? "")).toMatch("1 cast again.");
    expect(await one.heard.take("it once more")).toMatchObject({ sender: "operator", body: "fails" });
    for (let delivery = 2; delivery <= 5; delivery++) await one.heard.take("the cast");
    await untilListed(1);
    expect(await broker.rpc("dead", "drop", "--all")).toMatch("1 thrown away.");
  });

  it("can be given by the commands that it prints", async () => {
    const lines = (await broker.rpc("permissions", "--commands", "--host", "one")).split("\n");
    const own = lines.filter((line) => line.includes("'compute.one'"));
    // On names, and on the keys of the two exchanges that hosts share.
    expect(own).toHaveLength(3);
    await broker.shell("rabbitmqctl clear_permissions compute.one && rabbitmqctl clear_topic_permissions compute.one");
    await expect(listening("compute.one", "compute", "one")).rejects.toMatchObject({ code: "transport.refused" });
    await broker.shell(own.join(" && "));
    const one = await listening("compute.one", "compute", "one");
    expect(await (await as("api")).call({ topic: "compute", server: "one" }, "x", PATIENT)).toBe("one answers");
    await expect(publish("compute.one", "v1.compute", "v1.compute.two.call")).rejects.toMatchObject(REFUSED);
    expect(one.heard.length).toBe(1);
  });
});

const REFUSED = { code: "ACCESS_REFUSED" };

/** What a compute's user must not do, each on a channel of its own. */
const attempts: Readonly<Record<string, (channel: Channel) => Promise<unknown>>> = {
  "publish to another host's compute": (channel) => sent(channel, "v1.compute", "v1.compute.two.call"),
  "cast to another host's compute": (channel) => sent(channel, "v1.compute", "v1.compute.two.cast"),
  "put something back into another host's queue": (channel) => sent(channel, "v1.compute.two.retry", ""),
  "fan out to computes": (channel) => sent(channel, "v1.compute.fanout", ""),
  "cast to the conductor": (channel) => sent(channel, "v1.conductor.casts", "v1.conductor.cast"),
  "publish to one conductor's own queue": (channel) => sent(channel, "v1.conductor", "v1.conductor.control.call"),
  "publish to the scheduler": (channel) => sent(channel, "v1.scheduler.calls", "v1.scheduler.call"),
  "publish to identity": (channel) => sent(channel, "v1.identity.calls", "v1.identity.call"),
  "call what computes share": (channel) => sent(channel, "v1.compute.calls", "v1.compute.call"),
  "publish to any queue by its name": (channel) => sent(channel, "", "v1.compute.two.call"),
  "bury letters of another topic": (channel) => sent(channel, "v1.conductor.dead", ""),
  "answer one who never calls computes": (channel) => sent(channel, "reply.v1.conductor", REPLY("conductor")),
  "answer another compute's calls": (channel) => sent(channel, "reply.v1", REPLY("compute.two")),
  "consume what conductors are asked": (channel) => channel.basicConsume({ queue: "v1.conductor.call" }, () => {}),
  "consume what another host is asked": (channel) => channel.basicConsume({ queue: "v1.compute.two.cast" }, () => {}),
  "look at dead letters": (channel) => channel.basicGet({ queue: "v1.compute.dead" }),
  "declare a queue of the conductor's": (channel) => channel.queueDeclare({ queue: "v1.conductor.call" }),
  "declare a queue of another host's": (channel) => channel.queueDeclare({ queue: "v1.compute.two.call" }),
  "declare the queue that hosts share": (channel) => channel.queueDeclare({ queue: "v1.compute.call" }),
  "declare a queue of any name": (channel) => channel.queueDeclare({ queue: "mine", exclusive: true }),
  "delete a queue of another host's": (channel) => channel.queueDelete({ queue: "v1.compute.two.cast" }),
  "delete an exchange that all share": (channel) => channel.exchangeDelete({ exchange: "v1.conductor.calls" }),
  "delete the exchange through which it is answered": (channel) => channel.exchangeDelete({ exchange: "reply.v1" }),
  "delete that through which others are answered": (channel) =>
    channel.exchangeDelete({ exchange: "reply.v1.conductor" }),
  "hear what other hosts are asked": (channel) =>
    channel.queueBind({ queue: OWN, exchange: "v1.compute", routingKey: "v1.compute.two.call" }),
  "hear what all hosts are asked": (channel) =>
    channel.queueBind({ queue: OWN, exchange: "v1.compute", routingKey: "#" }),
  "hear what conductors are asked": (channel) =>
    channel.queueBind({ queue: OWN, exchange: "v1.conductor.calls", routingKey: "" }),
  "hear what the computes' shared queue is cast": (channel) =>
    channel.queueBind({ queue: OWN, exchange: "v1.compute.casts", routingKey: "" }),
  "hear other computes' answers": (channel) => channel.queueBind({ queue: OWN, exchange: "reply.v1", routingKey: "#" }),
  "hear another compute's answers": (channel) =>
    channel.queueBind({ queue: OWN, exchange: "reply.v1", routingKey: REPLY("compute.two") }),
  "hear a service's answers": (channel) =>
    channel.queueBind({ queue: OWN, exchange: "reply.v1.conductor", routingKey: REPLY("conductor") }),
  "have its queue lead elsewhere": (channel) =>
    channel.queueDeclare({ queue: "v1.compute.one.retry", arguments: { "x-dead-letter-exchange": "" } }),
};

describe("a compute's user is refused to", () => {
  beforeAll(async () => {
    await listening("conductor", "conductor", "control");
    await listening("compute.two", "compute", "two");
    await Promise.all(open.splice(0).map((transport) => transport.close()));
  });

  it.each(Object.entries(attempts))("%s", async (_what, attempt) => {
    await listening("conductor", "conductor", "control");
    await listening("compute.one", "compute", "one");
    await listening("compute.two", "compute", "two");
    await expect(onChannel("compute.one", attempt)).rejects.toMatchObject(REFUSED);
  });

  it("name another as the sender", async () => {
    const conductor = await listening("conductor", "conductor", "control");
    const named = publish("compute.one", "v1.conductor.calls", "v1.conductor.call", { userId: "conductor" });
    await expect(named).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
    expect(conductor.heard.length).toBe(0);
  });

  it("claim by a header to have put back another's message, or ask without saying who it is", async () => {
    const conductor = await listening("conductor", "conductor", "control");
    const one = await as("compute.one");
    const asked = { replyTo: REPLY("compute.one"), correlationId: "id", headers: { "x-kilonova-sender": "conductor" } };
    await publish("compute.one", "v1.conductor.calls", "", { ...asked, userId: "compute.one" });
    expect(await conductor.heard.take("the call")).toMatchObject({ sender: "compute.one" });
    await publish("compute.one", "v1.conductor.calls", "", asked);
    await one.call({ topic: "conductor" }, "after it", PATIENT);
    expect(await conductor.heard.take("the next")).toMatchObject({ body: "after it" });
  });

  it("lead what others cast to it where it would be a call of theirs", async () => {
    const conductor = await listening("conductor", "conductor", "control");
    const one = await listening("compute.one", "compute", "one");
    const way = { destination: "v1.conductor.calls", source: "v1.compute", routingKey: "v1.compute.one.cast" };
    await onChannel("compute.one", (channel) => channel.exchangeBind(way));
    await conductor.transport.cast({ topic: "compute", server: "one" }, "build");
    expect(await one.heard.take("the cast")).toMatchObject({ body: "build" });
    await one.transport.call({ topic: "conductor" }, "after it", PATIENT);
    expect(await conductor.heard.take("the first")).toMatchObject({ body: "after it" });
    await onChannel("compute.one", (channel) => channel.exchangeUnbind(way));
  });

  it("have the operator cast to another host what it buries itself", async () => {
    const headers = { "x-kilonova-server": "two", "x-kilonova-reason": "It pretends." };
    await publish("compute.one", "v1.compute.dead", "", { userId: "compute.one", messageId: "planted", headers });
    expect(await untilListed(1)).toMatchObject([{ id: "planted", host: "one" }]);
    await broker.rpc("dead", "drop", "planted");
  });
});

it("a compute that starts before anything was declared says who does that", async () => {
  const connection = new Connection(broker.urlOf("operator"));
  await connection.exchangeDelete({ exchange: "v1.compute.fanout" });
  await connection.close();
  await expect(listening("compute.one", "compute", "one")).rejects.toThrow(/`kilonova rpc declare`/);
  await broker.rpc("declare");
  await listening("compute.one", "compute", "one");
});

it("a process under another service's user is refused when it listens", async () => {
  const attempt = listening("api", "conductor", "control");
  const error = await attempt.catch((thrown: unknown) => thrown);
  expect(isKilonovaError(error, "transport.refused")).toBe(true);
});

async function untilListed(count: number) {
  for (;;) {
    const listed = letters.parse(JSON.parse(await broker.rpc("dead", "list", "--topic", "compute", "--json")));
    if (listed.length >= count) return listed;
  }
}

function publish(user: string, exchange: string, routingKey: string, more: object = {}): Promise<unknown> {
  return onChannel(user, (channel) => sent(channel, exchange, routingKey, more));
}

async function sent(channel: Channel, exchange: string, routingKey: string, more: object = {}): Promise<void> {
  await channel.confirmSelect();
  await channel.basicPublish({ exchange, routingKey, ...more }, "{}");
}

async function onChannel(user: string, use: (channel: Channel) => Promise<unknown>): Promise<unknown> {
  const connection = new Connection(broker.urlOf(user));
  connection.on("error", () => {});
  const channel = await connection.acquire();
  channel.on("error", () => {});
  try {
    return await use(channel);
  } finally {
    // A connection waits for its channels before it closes.
    await channel.close();
    await connection.close();
  }
}
