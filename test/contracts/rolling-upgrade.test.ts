import { randomUUID } from "node:crypto";
import { memoryState, ServiceGroupDriver, ServiceVersions, systemClock } from "@kilonova/core";
import {
  MemoryTransport,
  MemoryWire,
  method,
  RequestContext,
  Rpc,
  type RpcContract,
  type RpcHandler,
  rpcContract,
  type Transport,
} from "@kilonova/messaging";
import { RabbitmqTransport, rabbitmqOptions } from "@kilonova/transport-rabbitmq";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { bakery } from "./bakery.js";

/** The bakery as release 1.16 has it. */
const bakeryBefore = rpcContract("bakery", "1.16", {
  bake: method({ args: z.object({ loaves: z.int().positive() }), result: z.object({ loaves: z.int() }) }),
  order: method({ args: z.object({ id: z.string() }) }),
});

class Everyone extends ServiceGroupDriver {
  override async join(): Promise<void> {}
  override async leave(): Promise<void> {}
  override isUp(): boolean {
    return true;
  }
}

type Connect = () => Promise<Transport>;

const wires: readonly (readonly [name: string, make: () => Connect])[] = [
  [
    "memory",
    () => {
      const wire = new MemoryWire();
      return async () => new MemoryTransport(wire);
    },
  ],
  [
    "RabbitMQ",
    () => async () => {
      const url = process.env["KILONOVA_TEST_AMQP_URL"];
      const transport = new RabbitmqTransport(rabbitmqOptions.schema.parse({ url }));
      await transport.connect();
      return transport;
    },
  ],
];

const context = new RequestContext();
const ids = (count: number) => Array.from({ length: count }, () => randomUUID());

/** Bakers of both releases on one topic, those who ask them, and what bakers were told. */
function town(connect: Connect) {
  const topic = `bakery-${randomUUID().slice(0, 8)}`;
  const { serviceRecords } = memoryState(systemClock);
  const told: { release: string; method: string; args: Readonly<Record<string, unknown>> }[] = [];
  const connected = async () => {
    const transport = await connect();
    onTestFinished(() => transport.close());
    return transport;
  };
  const at = <Contract extends RpcContract>(contract: Contract): Contract => ({ ...contract, topic });

  async function baker(contract: RpcContract, host: string) {
    const hear = (name: string, answer: (args: never) => unknown): [string, RpcHandler] => [
      name,
      async (_, args) => {
        told.push({ release: contract.version, method: name, args });
        return answer(args);
      },
    ];
    const bake = ({ loaves }: { loaves: number }) =>
      contract === bakery ? { loaves, oven: "the big one" } : { loaves };
    const handlers = new Map([hear("bake", bake), hear("order", () => undefined), hear("slice", () => 12)]);
    const transport = await connected();
    const { name, version } = contract;
    const registration = { binary: "bakery", topic, host, contracts: { [name]: version } };
    const { id } = await serviceRecords.register(registration);
    const listener = await new Rpc(transport).serve({ topic, server: host }, [{ contract: at(contract), handlers }]);
    return async () => {
      await listener.stop();
      await serviceRecords.remove(id);
      await transport.close();
    };
  }

  /** One who asks; `auto`: as an operator pins it while releases are mixed. */
  async function customer<Contract extends RpcContract>(contract: Contract, pin?: "auto") {
    const versions = new ServiceVersions({
      pins: () => (pin ? { bakery: pin } : {}),
      records: () => serviceRecords,
      group: async () => new Everyone(),
    });
    const rpc = new Rpc(await connected(), { pins: versions });
    return { rpc, versions, client: rpc.client(at(contract)), topic };
  }
  return { baker, customer, told };
}

describe.each(wires)("two releases side by side, over %s", (_, make) => {
  it("a newer client leaves out what an older server does not know, and says what it cannot leave out", async () => {
    const { baker, customer, told } = town(make());
    await baker(bakeryBefore, "one");
    const { client } = await customer(bakery, "auto");
    expect(await client.canSendVersion("1.17")).toBe(false);
    expect(await client.call.bake(context, { loaves: 2, glaze: "sugar" })).toEqual({ loaves: 2 });
    expect(told).toEqual([{ release: "1.16", method: "bake", args: { loaves: 2 } }]);
    await expect(client.call.slice(context, { thickness: 3 })).rejects.toMatchObject({
      code: "rpc.versionCapped",
      message: "bakery: method slice came with version 1.17, no more than 1.16 may be sent.",
    });
  });

  it("a newer client that is not pinned is refused in words, and what the server knows is answered", async () => {
    const { baker, customer } = town(make());
    await baker(bakeryBefore, "one");
    const { client } = await customer(bakery);
    await expect(client.call.bake(context, { loaves: 2, glaze: "sugar" })).rejects.toMatchObject({
      code: "rpc.unsupportedVersion",
      message: "bakery.bake: version 1.17 is asked for, 1.16 is served.",
    });
    expect(await client.call.bake(context, { loaves: 2 })).toEqual({ loaves: 2 });
  });

  it("an older client gets what it knows, one that does not say what it knows gets everything", async () => {
    const { baker, customer } = town(make());
    await baker(bakery, "one");
    const { client, rpc, topic } = await customer(bakeryBefore);
    expect(await client.call.bake(context, { loaves: 2 })).toEqual({ loaves: 2 });
    const bake = { method: "bake", args: { loaves: 2, glaze: "sugar" } };
    expect(await rpc.call(context, topic, bake, { contract: "bakery", version: "1.17" })).toEqual({
      ok: true,
      value: { loaves: 2, oven: "the big one" },
    });
    await expect(rpc.call(context, topic, { method: "knead" }, { contract: "bakery" })).rejects.toMatchObject({
      code: "rpc.unknownMethod",
    });
  });

  it("a service is upgraded host by host under load, and nothing fails", async () => {
    const { baker, customer, told } = town(make());
    const hosts = ["one", "two", "three"];
    const leave = new Map<string, () => Promise<void>>();
    for (const host of hosts) leave.set(host, await baker(bakeryBefore, host));
    const before = await customer(bakeryBefore);
    const after = await customer(bakery, "auto");

    const failures: unknown[] = [];
    const ordered: string[] = [];
    let answers = 0;
    let isOver = false;
    async function load(round: (id: string) => Promise<{ loaves: number }>): Promise<void> {
      while (!isOver) {
        const [id = ""] = ids(1);
        try {
          const { loaves } = await round(id);
          if (loaves !== 3) failures.push(`${loaves} loaves`);
          ordered.push(id);
          answers += 1;
        } catch (error) {
          failures.push(error);
        }
      }
    }
    const old = async (id: string) => {
      await before.client.cast.order(context, { id });
      return before.client.call.bake(context, { loaves: 3 });
    };
    const young = async (id: string) => {
      await after.client.cast.order(context, { id, gift: true });
      return after.client.call.bake(context, { loaves: 3, glaze: "sugar" });
    };
    const loads = [old, old, young, young].map(load);
    const goOn = async () => {
      const seen = answers;
      await vi.waitFor(() => expect(answers).toBeGreaterThan(seen + 100), 20_000);
    };
    await goOn();
    for (const host of hosts) {
      await leave.get(host)?.();
      await goOn();
      leave.set(host, await baker(bakery, host));
      await goOn();
    }
    expect(told.filter(({ args }) => "glaze" in args || "gift" in args)).toEqual([]);
    // SIGHUP: every service is new by now.
    after.versions.reset();
    await vi.waitFor(() => expect(told.some(({ args }) => args["glaze"] === "sugar")).toBe(true), 20_000);
    await goOn();
    isOver = true;
    await Promise.all(loads);
    expect(failures).toEqual([]);
    const arrived = () => told.filter(({ method }) => method === "order").map(({ args }) => String(args["id"]));
    await vi.waitFor(() => expect(new Set(arrived())).toEqual(new Set(ordered)), 20_000);
    expect(new Set(told.map(({ release }) => release))).toEqual(new Set(["1.16", "1.17"]));
    expect(await after.client.call.bake(context, { loaves: 3 })).toEqual({ loaves: 3, oven: "the big one" });
  });
});
