import { sql } from "drizzle-orm";
import { bigint, boolean, integer, jsonb, pgSchema, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";
import { instant } from "../instant-column.js";

/** Open to every role. */
const framework = pgSchema("framework");

/** Of all services, alive or not: one row for each binary on each host. */
export const services = framework.table(
  "services",
  {
    id: uuid().primaryKey().defaultRandom(),
    binary: text().notNull(),
    topic: text().notNull(),
    host: text().notNull(),
    contracts: jsonb().$type<Record<string, string>>().notNull(),
    disabled: boolean().notNull().default(false),
    disabledReason: text("disabled_reason"),
    forcedDown: boolean("forced_down").notNull().default(false),
    createdAt: instant("created_at").notNull().default(sql`now()`),
    updatedAt: instant("updated_at").notNull().default(sql`now()`),
    lastSeenAt: instant("last_seen_at"),
  },
  (table) => [unique().on(table.binary, table.host)],
);

/** Leases across the cluster. A row stays when its lock is released: its fence must never go down. */
export const locks = framework.table("locks", {
  name: text().primaryKey(),
  holder: text().notNull(),
  fence: bigint({ mode: "number" }).notNull(),
  leaseUntil: instant("lease_until").notNull(),
});

/** What drivers remember on a host. */
export const driverState = framework.table(
  "driver_state",
  {
    driver: text().notNull(),
    host: text().notNull(),
    key: text().notNull(),
    value: jsonb().$type<unknown>().notNull(),
    version: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.driver, table.host, table.key] })],
);
