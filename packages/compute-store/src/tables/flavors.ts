import { boolean, integer, jsonb, primaryKey, real, text } from "drizzle-orm/pg-core";
import { compute, createdAt, updatedAt } from "./schema.js";

export const flavors = compute.table("flavors", {
  /** The API's `flavorid`: any text. */
  id: text().primaryKey(),
  name: text().notNull().unique("flavors_name"),
  description: text(),
  vcpus: integer().notNull(),
  memoryMb: integer("memory_mb").notNull(),
  rootGb: integer("root_gb").notNull(),
  ephemeralGb: integer("ephemeral_gb").notNull(),
  swapMb: integer("swap_mb").notNull(),
  rxtxFactor: real("rxtx_factor").notNull().default(1),
  isPublic: boolean("is_public").notNull().default(true),
  disabled: boolean().notNull().default(false),
  extraSpecs: jsonb("extra_specs").$type<Record<string, string>>().notNull().default({}),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

/** Which projects may use a flavor that is not public. */
export const flavorAccess = compute.table(
  "flavor_access",
  {
    flavorId: text("flavor_id")
      .notNull()
      .references(() => flavors.id, { onDelete: "cascade" }),
    projectId: text("project_id").notNull(),
  },
  (table) => [primaryKey({ name: "flavor_access_pkey", columns: [table.flavorId, table.projectId] })],
);
