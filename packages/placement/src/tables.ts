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
  /** Kept right by a trigger, for all below a provider that moves, too. */
  rootId: text("root_id"),
  generation: bigint({ mode: "number" }).notNull().default(0),
  /** How many consumers take something from it. */
  consumers: integer().notNull().default(0),
  changed: bigint({ mode: "number" }).notNull(),
  deletedAt: instant("deleted_at"),
});

/** What a change of a provider raises. */
export const nextGeneration = { generation: sql`${providers.generation} + 1`, changed: changeNumber };

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

export const providerAggregates = placement.table(
  "provider_aggregates",
  { providerId: text("provider_id").notNull(), aggregateId: text("aggregate_id").notNull() },
  (table) => [primaryKey({ columns: [table.providerId, table.aggregateId] })],
);
