import { instant } from "@kilonova/database";
import { sql } from "drizzle-orm";
import { pgSchema } from "drizzle-orm/pg-core";

/** The schema of api, conductor and scheduler. */
export const compute = pgSchema("compute");

/** When a row was made, by the database's clock. */
export const createdAt = () => instant("created_at").notNull().default(sql`now()`);

/** When it was last changed. Whoever changes a row sets it. */
export const updatedAt = () => instant("updated_at").notNull().default(sql`now()`);
