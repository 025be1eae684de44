import { rabbitmqOptions } from "../options.js";
import { RabbitmqTransport } from "../rabbitmq-transport.js";

// A process of its own that takes casts, tells its parent, and never finishes them.
const [, , url = "", topic = ""] = process.argv;
const transport = new RabbitmqTransport(rabbitmqOptions.schema.parse({ url }));
await transport.connect();
await transport.listen({ topic, server: "dying" }, ({ body }) => {
  process.send?.(body);
  return new Promise(() => {});
});
process.send?.("listening");
