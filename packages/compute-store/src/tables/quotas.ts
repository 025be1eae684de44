import { integer, primaryKey, text } from "drizzle-orm/pg-core";
import { compute, updatedAt } from "./schema.js";

/** Limits of projects that differ from the options'. */
export const quotas = compute.table(
  "quotas",
  {
    projectId: text("project_id").notNull(),
    /** As the API names it: `instances`, `cores`, `ram`, … */
    resource: text().notNull(),
    /** -1: none. */
    hardLimit: integer("hard_limit").notNull(),
    updatedAt: updatedAt(),
  },
  (table) => [primaryKey({ name: "quotas_pkey", columns: [table.projectId, table.resource] })],
);
