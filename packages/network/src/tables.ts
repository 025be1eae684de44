import { instant } from "@kilonova/database";
import { sql } from "drizzle-orm";
import { bigint, boolean, integer, pgSchema, primaryKey, text } from "drizzle-orm/pg-core";

const network = pgSchema("network");

export const networks = network.table("networks", {
  id: text().primaryKey(),
  name: text().notNull(),
  /** CIDR */
  range: text().notNull(),
  shared: boolean().notNull(),
  /** No server has had an address from this one on, unless it asked for it. */
  nextPosition: bigint("next_position", { mode: "number" }).notNull(),
  createdAt: instant("created_at").notNull().default(sql`now()`),
});

export const servers = network.table("servers", {
  id: text().primaryKey(),
  fence: bigint({ mode: "number" }).notNull(),
  updatedAt: instant("updated_at").notNull().default(sql`now()`),
});

export const ports = network.table("ports", {
  id: text().primaryKey(),
  serverId: text("server_id").notNull(),
  networkId: text("network_id").notNull(),
  projectId: text("project_id").notNull(),
  host: text().notNull(),
  macAddress: text("mac_address").notNull(),
  deviceIndex: integer("device_index").notNull(),
  position: bigint({ mode: "number" }).notNull(),
  createdAt: instant("created_at").notNull().default(sql`now()`),
});

export const freePositions = network.table(
  "free_positions",
  { networkId: text("network_id").notNull(), position: bigint({ mode: "number" }).notNull() },
  (table) => [primaryKey({ columns: [table.networkId, table.position] })],
);

export type NetworkRow = typeof networks.$inferSelect;
export type PortRow = typeof ports.$inferSelect;
