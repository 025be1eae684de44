import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Delivery, method, RequestContext, Rpc, rpcContract } from "@kilonova/messaging";
import { Mailbox } from "@kilonova/plugin-testing";
import { RabbitmqTransport, rabbitmqOptions } from "@kilonova/transport-rabbitmq";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { runCommand } from "./refused-command.js";

const url = process.env["KILONOVA_TEST_AMQP_URL"];
const topic = `post-${randomUUID().slice(0, 8)}`;
/** What the sender knows; whoever listens is older and does not have `deliver`. */
const contract = rpcContract(
  "post",
  "1.0",
  { deliver: method({ args: z.object({ to: z.string(), adminPass: z.string() }) }) },
  { topic },
);
const lettersSchema = z.array(
  z.object({ id: z.string(), method: z.string(), reason: z.string(), args: z.object({ to: z.string() }) }),
);

describe("kilonova rpc dead, on a broker with casts that nobody understood", () => {
  let folder: string;
  let transport: RabbitmqTransport;
  const arrived = new Mailbox<Delivery>();
  const dead = async (...args: readonly string[]) => {
    const [name = "", ...others] = args;
    return runCommand({ args: ["rpc", "dead", name, "--topic", topic, ...others], cwd: folder });
  };
  const idOf = async (to: string) => (await list()).find(({ args }) => args.to === to)?.id ?? "";
  const list = async () => lettersSchema.parse(JSON.parse((await dead("list", "--json")).stdout));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kilonova-e2e-"));
    const config = { transport: { driver: "@kilonova/transport-rabbitmq#RabbitmqTransport" }, rabbitmq: { url } };
    await writeFile(join(folder, "kilonova.config.json"), JSON.stringify(config), { mode: 0o600 });
    transport = new RabbitmqTransport(rabbitmqOptions.schema.parse({ url }));
    await transport.connect();
    const rpc = new Rpc(transport);
    const old = await rpc.serve({ topic, server: "old" }, [
      { contract: rpcContract("post", "1.0", {}, { topic }), handlers: new Map() },
    ]);
    const { cast } = rpc.client(contract);
    for (const to of ["Ada", "Grace", "Edsger"]) await cast.deliver(new RequestContext(), { to, adminPass: "s3cret" });
    await vi.waitFor(async () => expect(await transport.deadLetters?.list(topic, 10)).toHaveLength(3), 10_000);
    await old.stop();
    await transport.listen({ topic, server: "new" }, async (delivery) => {
      arrived.put(delivery);
      return undefined;
    });
  });
  afterAll(async () => {
    await transport?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("lists them with what was asked and why it was given up", async () => {
    const { exitCode, stdout } = await dead("list");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ID +AT \(UTC\) +TOPIC +METHOD +TRIES$/m);
    expect(stdout.match(new RegExp(`${topic} +post.deliver +1\\n +rpc.unknownMethod: `, "g"))).toHaveLength(3);
  });

  it("shows one whole, but for its secrets", async () => {
    const { exitCode, stdout } = await dead("show", await idOf("Ada"));
    expect(exitCode).toBe(0);
    expect(stdout).toContain('"to": "Ada"');
    expect(stdout).toContain('"adminPass": "***"');
    expect(stdout).not.toContain("s3cret");
  });

  it("casts one again and throws the others away, and says what there is none of", async () => {
    const id = await idOf("Grace");
    expect(await dead("retry", id)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("1 cast again.") });
    expect(JSON.parse((await arrived.take("the letter that was cast again")).body)).toMatchObject({
      method: "deliver",
      args: { to: "Grace", adminPass: "s3cret" },
    });
    expect(await dead("drop", id)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`no dead letter ${id}`),
    });
    expect(await dead("drop")).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("or say --all") });
    expect(await dead("drop", "--all")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("2 thrown away."),
    });
    expect(await list()).toEqual([]);
    expect(arrived.length).toBe(0);
  });

  it("says that the memory of one process cannot be looked into", async () => {
    const memory = ["--transport.driver", "@kilonova/messaging#MemoryTransport"];
    const { exitCode, stderr } = await dead("list", ...memory);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("the memory transport, whose dead letters are gone with its process");
  });
});
