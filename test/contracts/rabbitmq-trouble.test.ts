import {
  isKilonovaError,
  messageOf,
  method,
  RequestContext,
  Rpc,
  type RpcHandler,
  rpcContract,
} from "@kilonova/messaging";
import { Mailbox, soon } from "@kilonova/plugin-testing";
import { RabbitmqTransport, rabbitmqOptions } from "@kilonova/transport-rabbitmq";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { startRabbitMq } from "../servers/rabbitmq.mjs";

const CALLS = 1_000;
const context = RequestContext.admin();
const contract = rpcContract("troubled", "1.0", {
  number: method({ args: z.object({ n: z.int() }), result: z.int(), deadline: "20s" }),
  note: method({ args: z.object({ n: z.int() }) }),
});

let broker: Awaited<ReturnType<typeof startRabbitMq>>;
let transports: RabbitmqTransport[] = [];
beforeAll(async () => {
  broker = await startRabbitMq();
});
afterEach(async () => {
  await Promise.all(transports.map((transport) => soon("a transport is closed", transport.close())));
  transports = [];
});
afterAll(() => broker?.stop());

async function rpc(options: Readonly<Record<string, unknown>> = {}): Promise<Rpc> {
  const transport = new RabbitmqTransport(rabbitmqOptions.schema.parse({ url: broker.url, ...options }));
  await transport.connect();
  transports.push(transport);
  return new Rpc(transport);
}

/** A service that answers numbers and writes down notes. */
async function served(onNumber: (n: number) => void = () => {}) {
  const notes = new Mailbox<number>();
  const handlers = new Map<string, RpcHandler>([
    [
      "number",
      async (_context, { n }: { n: number }) => {
        onNumber(n);
        return n;
      },
    ],
    ["note", async (_context, { n }: { n: number }) => notes.put(n)],
  ]);
  await (await rpc()).serve({ topic: "troubled", server: "one" }, [{ contract, handlers }]);
  return { notes };
}

/** How a message ended: its answer, or the code and words of its failure. */
async function endOf(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) =>
    isKilonovaError(error) ? `${error.code}: ${error.message}` : `no error of ours: ${messageOf(error)}`,
  );
}

describe("a broker in trouble", () => {
  it("that goes away in the middle of 1,000 calls: each is answered or fails at once, none is worked on twice", async () => {
    const worked: number[] = [];
    let killing: Promise<void> | undefined;
    await served((n) => {
      worked.push(n);
      if (worked.length === CALLS / 4) killing = broker.kill();
    });
    const client = (await rpc({ sendTimeout: "1s" })).client(contract);
    const numbers = Array.from({ length: CALLS }, (_, n) => n);
    const ends = await Promise.all(numbers.map((n) => endOf(client.call.number(context, { n }))));
    await killing;

    const failed = ends.filter((end, n) => end !== n);
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(CALLS);
    for (const words of failed) expect(words).toMatch(/^transport\.unreachable: RabbitMQ at \S+ can't be reached/);
    expect(new Set(worked).size).toBe(worked.length);
  });

  it("that comes back empty: services listen again, nothing has to be started anew", async () => {
    await broker.kill();
    await broker.lose();
    await broker.start();
    const { notes } = await served();
    const client = (await rpc()).client(contract);
    expect(await client.call.number(context, { n: 1 })).toBe(1);
    await client.cast.note(context, { n: 1 });
    expect(await notes.take("the first note")).toBe(1);

    await broker.lose();
    await broker.start();
    await client.cast.note(context, { n: 2 });
    expect(await notes.take("the second note")).toBe(2);
    await expect.poll(() => endOf(client.call.number(context, { n: 3 })), { timeout: 20_000 }).toBe(3);
  });

  it("that takes no messages for want of memory: whoever sends is told so, who listens goes on, and it ends by itself", async () => {
    const { notes } = await served();
    const patient = (await rpc()).client(contract);
    const impatient = (await rpc({ sendTimeout: "500ms" })).client(contract);
    await impatient.cast.note(context, { n: 0 });
    await patient.cast.note(context, { n: 1 });
    expect([await notes.take("a note"), await notes.take("a note")].sort()).toEqual([0, 1]);

    await broker.shell("rabbitmqctl set_vm_memory_high_watermark 0");
    // The broker tells a connection of its alarm when it next publishes.
    const words = /^transport\.unreachable: RabbitMQ at \S+ takes no messages \(a cast: low on memory\)\. Give it more/;
    await expect.poll(() => endOf(impatient.cast.note(context, { n: 2 })), { timeout: 20_000 }).toMatch(words);
    const short = context.within(500);
    expect(await endOf(impatient.call.number(short, { n: 2 }))).toMatch(
      /^transport\.unreachable: .* takes no messages \(a call: low on memory\)/,
    );
    const waiting = patient.cast.note(context, { n: 3 });

    await broker.shell("rabbitmqctl set_vm_memory_high_watermark 0.6");
    await waiting;
    const seen: number[] = [];
    while (!seen.includes(3)) seen.push(await notes.take("the patient note"));
    expect(await patient.call.number(context, { n: 4 })).toBe(4);
  });
});
