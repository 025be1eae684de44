import { method, RequestContext, Rpc, rpcContract } from "@kilonova/messaging";
import { RabbitmqTransport, rabbitmqOptions } from "@kilonova/transport-rabbitmq";
import { z } from "zod";
import { runPeer } from "./peer-program.js";

const payload = z.object({ uuid: z.string(), payload: z.string() });

const benchContract = (topic: string) =>
  rpcContract(
    "bench",
    "1.0",
    { echo: method({ args: payload, result: payload }), tick: method({ args: payload }) },
    { topic },
  );

async function connected(url: string): Promise<Rpc> {
  const transport = new RabbitmqTransport(rabbitmqOptions.schema.parse({ url }));
  await transport.connect();
  return new Rpc(transport);
}

await runPeer({
  async serve(url, topic, worked) {
    const rpc = await connected(url);
    const handlers = new Map([
      ["echo", async (_context: RequestContext, args: unknown) => args],
      ["tick", async () => worked()],
    ]);
    await rpc.serve({ topic, server: "bench" }, [{ contract: benchContract(topic), handlers }]);
  },
  async connect(url, topic) {
    const rpc = await connected(url);
    const { call, cast } = rpc.client(benchContract(topic));
    // As a service has it that works on a user's request.
    const context = new RequestContext({ userId: "f".repeat(32), projectId: "e".repeat(32), roles: ["member"] });
    return {
      call: (args) => call.echo(context, args),
      cast: (args) => cast.tick(context, args),
    };
  },
});
