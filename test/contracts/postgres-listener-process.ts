import { PostgresTransport, transportPostgresOptions } from "@kilonova/transport-postgres";

// A process of its own that takes messages and tells its parent: it holds them for ever, or tells of them when it has
// finished all but the acknowledgement.
const [, , url = "", topic = "", work = ""] = process.argv;
const transport = new PostgresTransport(transportPostgresOptions.schema.parse({ url }));
await transport.connect();
await transport.listen({ topic, server: "killed" }, async ({ body }) => {
  process.send?.(body);
  if (work === "hold") await new Promise(() => {});
  return undefined;
});
process.send?.("listening");
