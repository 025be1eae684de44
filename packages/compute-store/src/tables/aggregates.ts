import { instant } from "@kilonova/database";
import { sql } from "drizzle-orm";
import { index, integer, jsonb, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { compute, createdAt } from "./schema.js";

/** Groups of hosts, with metadata; the key `availability_zone` makes one a zone. */
export const aggregates = compute.table("aggregates", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  uuid: uuid().notNull().unique().default(sql`gen_random_uuid()`),
  name: text().notNull().unique("aggregates_name"),
  metadata: jsonb().$type<Record<string, string>>().notNull().default({}),
  createdAt: createdAt(),
  /** Null until something of it is changed. */
  updatedAt: instant("updated_at"),
});

/** Which hosts are in which aggregates. Those with a zone share no host with those of another zone. */
export const aggregateHosts = compute.table(
  "aggregate_hosts",
  {
    aggregateId: integer("aggregate_id")
      .notNull()
      .references(() => aggregates.id, { onDelete: "cascade" }),
    host: text().notNull(),
  },
  (table) => [
    primaryKey({ name: "aggregate_hosts_pkey", columns: [table.aggregateId, table.host] }),
    index("aggregates_of_host").on(table.host),
  ],
);
