import { fork } from "node:child_process";
import { method, RequestContext, Rpc, rpcContract } from "@kilonova/messaging";
import { z } from "zod";
import { RabbitmqTransport, rabbitmqOptions } from "./dist/index.js";

const contract = rpcContract("bench", "1.0", {
  greet: method({ args: z.object({ name: z.string() }), result: z.string() }),
  note: method({ args: z.object({ name: z.string() }) }),
});
const t = new RabbitmqTransport(rabbitmqOptions.schema.parse({ url: process.env.KILONOVA_TEST_AMQP_URL }));
const rpc = new Rpc(t, console.error);
await t.connect();
if (process.argv[2] === "server") {
  let n = 0;
  await rpc.serve({ topic: "bench", server: "one" }, [
    {
      contract,
      handlers: new Map([
        ["greet", async (_, a) => "hello " + a.name],
        [
          "note",
          async () => {
            n++;
          },
        ],
      ]),
    },
  ]);
  process.on("message", () => process.send({ n }));
  process.send("up");
} else {
  const server = fork(import.meta.filename, ["server"]);
  await new Promise((r) => server.once("message", r));
  const client = rpc.client(contract);
  const ctx = RequestContext.admin();
  const run = async (fn, c, ms) => {
    const end = Date.now() + ms;
    let n = 0;
    const s = performance.now();
    await Promise.all(
      Array.from({ length: c }, async () => {
        while (Date.now() < end) {
          await fn();
          n++;
        }
      }),
    );
    return Math.round((n / (performance.now() - s)) * 1000);
  };
  await run(() => client.call.greet(ctx, { name: "x" }), 16, 1000);
  for (const c of [1, 16, 64]) console.log("calls", c, await run(() => client.call.greet(ctx, { name: "x" }), c, 3000));
  for (const c of [1, 16, 64]) {
    const r = await run(() => client.cast.note(ctx, { name: "x" }), c, 3000);
    console.log("casts", c, r);
  }
  server.send("n");
  console.log(await new Promise((r) => server.once("message", r)));
  server.kill();
  await t.close();
}
