import { type RequestContext, Rpc } from "@kilonova/messaging";
import { RabbitmqTransport, rabbitmqOptions } from "@kilonova/transport-rabbitmq";
import { bakery } from "./bakery.js";

// A baker whose clock is wrong by so many milliseconds: skewed-listener-process.js URL TOPIC SKEW. He answers how many
// milliseconds he has left; a batch of more than a hundred loaves takes him until he is given up.
const [, , url = "", topic = "", skew = "0"] = process.argv;
const rightNow = Date.now;
Date.now = () => rightNow() + Number(skew);

const transport = new RabbitmqTransport(rabbitmqOptions.schema.parse({ url }));
await transport.connect();
const bake = async (context: RequestContext, { loaves }: { loaves: number }) => {
  if (loaves <= 100) return { loaves: Math.round(context.timeLeft() ?? -1) };
  // It does not answer then: its answer and its caller's patience would end at the same moment.
  return new Promise<never>(() => context.signal.addEventListener("abort", () => process.send?.("given up")));
};
await new Rpc(transport).serve({ topic, server: "skewed" }, [
  { contract: { ...bakery, topic }, handlers: new Map([["bake", bake]]) },
]);
process.send?.("listening");
