import { randomUUID } from "node:crypto";
import { RequestContext, Rpc, rpcContract } from "@kilonova/messaging";
import { RabbitmqTransport, rabbitmqOptions } from "@kilonova/transport-rabbitmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { interopContract } from "./interop-contract.js";
import { serveInterop } from "./interop-server.js";
import { PythonProgram } from "./python-program.js";

const url = process.env["KILONOVA_TEST_AMQP_URL"] ?? "";
const osloUrl = `${url.replace(/^amqp:/, "rabbit:")}/`;
const exchange = `interop-${randomUUID().slice(0, 8)}`;
const SERVERS = ["a", "b"] as const;
const VALUE = { list: [1, 2.5, null, true], text: "naïve – 東京", deep: { a: { b: [] } } };
const context = new RequestContext({ userId: "u-1", requestId: "req-1", roles: ["member"] });

async function connected(): Promise<RabbitmqTransport> {
  const options = rabbitmqOptions.schema.parse({ url, envelope: "oslo", osloExchange: exchange });
  const transport = new RabbitmqTransport(options);
  await transport.connect();
  return transport;
}

function newTopic(): string {
  return `interop${randomUUID().slice(0, 8)}`;
}

describe.each(["Python", "Kilonova"] as const)(
  "a client of ours, and two servers in %s over oslo's envelope",
  (side) => {
    const topic = newTopic();
    const contract = interopContract(topic);
    const ends: (() => Promise<unknown>)[] = [];
    let transport: RabbitmqTransport;
    const client = () => new Rpc(transport).client(contract);
    const to = (server: string) => client().prepare({ server });

    beforeAll(async () => {
      transport = await connected();
      for (const name of SERVERS) {
        if (side === "Python") {
          const program = await PythonProgram.start("oslo-server.py", osloUrl, exchange, topic, name);
          ends.push(() => program.end());
          continue;
        }
        const own = await connected();
        await serveInterop(own, topic, name);
        ends.push(() => own.close());
      }
    });
    afterAll(async () => {
      for (const end of ends) await end();
      await transport?.close();
    });

    it("calls with any JSON, and gets it back", async () => {
      expect(await client().call.echo(context, { value: VALUE })).toEqual(VALUE);
      expect(await client().call.add(context, { a: 2, b: 40 })).toBe(42);
    });

    it("takes its context along, to any server and to one", async () => {
      expect(await client().call.who_am_i(context)).toMatchObject({ user: "u-1", request: "req-1" });
      for (const name of SERVERS) expect((await to(name).call.who_am_i(context)).server).toBe(name);
    });

    it("gets a failure with its words", async () => {
      const failure = await client()
        .call.fail(context, { message: "no such flavor" })
        .catch((error: unknown) => error);
      const ours = { code: "virt.failed", message: "no such flavor", details: { disk: "vda" } };
      const python = { code: "rpc.failed", details: { class: "ValueError", module: "builtins" } };
      expect(failure).toMatchObject(side === "Python" ? python : ours);
      expect(String(failure)).toContain("no such flavor");
    });

    it("is told of a method that is not there, and of a version that is not served", async () => {
      const newer = rpcContract(
        topic,
        "2.0",
        { echo: contract.methods.echo, vanish: { ...contract.methods.remember, since: "2.0" } },
        { topic },
      );
      const rpc = new Rpc(transport);
      await expect(rpc.client(newer).call.vanish(context, { key: "x", value: 1 })).rejects.toMatchObject({
        code: "rpc.unsupportedVersion",
      });
      const stranger = rpcContract(topic, "1.0", { nothing_here: { result: z.string() } }, { topic });
      await expect(rpc.client(stranger).call.nothing_here(context)).rejects.toMatchObject({
        code: "rpc.unknownMethod",
        message: expect.stringContaining("nothing_here"),
      });
    });

    it("casts to one, and to all", async () => {
      const key = randomUUID();
      await to("a").cast.remember(context, { key, value: { n: 7 } });
      await expect.poll(() => to("a").call.recall(context, { key })).toEqual({ n: 7 });
      expect(await to("b").call.recall(context, { key })).toBeNull();
      await client().fanout.remember(context, { key, value: "all" });
      for (const name of SERVERS) await expect.poll(() => to(name).call.recall(context, { key })).toBe("all");
    });

    it("gives a call up when its time is over", async () => {
      await expect(client().prepare({ timeout: 500 }).call.slow(context, { seconds: 2 })).rejects.toMatchObject({
        code: "rpc.deadlineExceeded",
      });
    });

    it("hears at once that nobody has ever listened", async () => {
      const nobody = interopContract(newTopic());
      await expect(new Rpc(transport).client(nobody).call.add(context, { a: 1, b: 1 })).rejects.toMatchObject({
        code: "rpc.noListener",
      });
    });
  },
);

it("a refusal of ours comes back as a value over oslo's envelope, which has none", async () => {
  const topic = newTopic();
  const transport = await connected();
  await serveInterop(transport, topic, "a");
  const { call } = new Rpc(transport).client(interopContract(topic));
  expect(await call.choose(context, { from: ["red"] })).toEqual({ ok: true, value: "red" });
  expect(await call.choose(context, {})).toEqual({ ok: false, refusal: "nothingToChoose", details: { from: 0 } });
  await transport.close();
});

describe("a client in Python, and two servers of ours over oslo's envelope", () => {
  const topic = newTopic();
  const transports: RabbitmqTransport[] = [];
  let program: PythonProgram;
  const answerSchema = z.union([
    z.object({ result: z.unknown() }),
    z.object({ error: z.tuple([z.string(), z.string()]) }),
  ]);

  async function ask(method: string, args: object, more: object = {}) {
    program.say(JSON.stringify({ method, args, context: { user_id: "u-1", request_id: "req-1" }, ...more }));
    return answerSchema.parse(JSON.parse(await program.line(`the answer to ${method}`)));
  }

  beforeAll(async () => {
    for (const name of SERVERS) {
      const transport = await connected();
      transports.push(transport);
      await serveInterop(transport, topic, name);
    }
    program = await PythonProgram.start("oslo-client.py", osloUrl, exchange, topic);
  });
  afterAll(async () => {
    await program?.end();
    for (const transport of transports) await transport.close();
  });

  it("calls with any JSON, and gets it back", async () => {
    expect(await ask("echo", { value: VALUE })).toEqual({ result: VALUE });
    expect(await ask("add", { a: 2, b: 40 })).toEqual({ result: 42 });
  });

  it("takes its context along, to any server and to one", async () => {
    for (const server of SERVERS) {
      expect(await ask("who_am_i", {}, { server })).toEqual({ result: { server, user: "u-1", request: "req-1" } });
    }
  });

  it.each([
    ["a failure", "fail", { message: "no such flavor" }, {}, ["RemoteError", "no such flavor"]],
    ["a refusal", "choose", {}, {}, ["RemoteError", "nothingToChoose"]],
    ["a method that is not there", "nothing_here", {}, {}, ["RemoteError", "nothing_here"]],
    ["another major version", "echo", { value: 1 }, { version: "2.0" }, ["RemoteError", "UnsupportedVersion"]],
    ["a newer minor version", "echo", { value: 1 }, { version: "1.9" }, ["RemoteError", "UnsupportedVersion"]],
    ["wrong arguments", "add", { a: "two", b: 1 }, {}, ["RemoteError", "must be number"]],
  ])("is told of %s", async (_, method, args, more, [name = "", words = ""]) => {
    const answer = await ask(method, args, more);
    expect(answer).toEqual({ error: [expect.stringContaining(name), expect.stringContaining(words)] });
  });

  it("casts to one, and to all", async () => {
    const key = randomUUID();
    await ask("remember", { key, value: { n: 7 } }, { kind: "cast", server: "a" });
    await expect.poll(() => ask("recall", { key }, { server: "a" })).toEqual({ result: { n: 7 } });
    expect(await ask("recall", { key }, { server: "b" })).toEqual({ result: null });
    await ask("remember", { key, value: "all" }, { kind: "fanout" });
    for (const server of SERVERS)
      await expect.poll(() => ask("recall", { key }, { server })).toEqual({ result: "all" });
  });

  it("waits for a long call as long as it beats, and for another until its time is over", async () => {
    const monitored = { version: "1.1", timeout: 60, call_monitor_timeout: 2 };
    expect(await ask("slow", { seconds: 5 }, monitored)).toEqual({ result: "done" });
    const impatient = { version: "1.1", timeout: 1 };
    expect(await ask("slow", { seconds: 3 }, impatient)).toEqual({ error: ["MessagingTimeout", expect.any(String)] });
  });
});

it("a message that is no request is told its sender, and costs nobody else anything", async () => {
  const topic = newTopic();
  const transport = await connected();
  await serveInterop(transport, topic, "a");
  const client = new Rpc(transport).client(interopContract(topic));
  const forged = { ...context.fields(), isAdmin: false };
  const strange = new RequestContext({ ...forged, token: "x".repeat(20_000) });
  await expect(client.call.add(strange, { a: 1, b: 1 })).rejects.toMatchObject({
    code: "rpc.badMessage",
    message: expect.stringContaining("_context_auth_token"),
  });
  await expect(client.call.add(context, { a: 1, b: 1 })).resolves.toBe(2);
  await transport.close();
});
