import { instant } from "@kilonova/database";
import { sql } from "drizzle-orm";
import { bigint, doublePrecision, integer, pgSchema, primaryKey, text } from "drizzle-orm/pg-core";

const placement = pgSchema("placement");

/** The number under which the change feed tells of what this transaction changes: see `feed.ts`. */
export const changeNumber = sql<number>`pg_current_xact_id()::text::bigint`;

export const providers = placement.table("providers", {
  id: text().primaryKey(),
  name: text().notNull(),
  parentId: text("parent_id"),
  generation: bigint({ mode: "number" }).notNull().default(0),
  /** How many consumers take something from it. */
  consumers: integer().notNull().default(0),
  changed: bigint({ mode: "number" }).notNull(),
  deletedAt: instant("deleted_at"),
});

export const inventories = placement.table(
  "inventories",
  {
    providerId: text("provider_id").notNull(),
    resourceClass: text("resource_class").notNull(),
    total: bigint({ mode: "number" }).notNull(),
    reserved: bigint({ mode: "number" }).notNull(),
    minUnit: bigint("min_unit", { mode: "number" }).notNull(),
    maxUnit: bigint("max_unit", { mode: "number" }).notNull(),
    stepSize: bigint("step_size", { mode: "number" }).notNull(),
    allocationRatio: doublePrecision("allocation_ratio").notNull(),
    used: bigint({ mode: "number" }).notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.providerId, table.resourceClass] })],
);

export const traits = placement.table(
  "traits",
  { providerId: text("provider_id").notNull(), name: text().notNull() },
  (table) => [primaryKey({ columns: [table.providerId, table.name] })],
);
