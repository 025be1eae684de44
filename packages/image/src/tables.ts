import type { Image } from "@kilonova/contracts";
import { instant, keyTable } from "@kilonova/database";
import { sql } from "drizzle-orm";
import { bigint, boolean, integer, jsonb, pgSchema, text } from "drizzle-orm/pg-core";

const image = pgSchema("image");

export const images = image.table("images", {
  id: text().primaryKey(),
  name: text(),
  status: text().$type<Image["status"]>().notNull(),
  visibility: text().$type<Image["visibility"]>().notNull(),
  ownerId: text("owner_id").notNull(),
  diskFormat: text("disk_format").$type<Image["diskFormat"]>(),
  containerFormat: text("container_format"),
  /** Bytes */
  size: bigint({ mode: "number" }),
  /** MD5 in hex. */
  checksum: text(),
  sha512: text(),
  /** GiB */
  minDisk: integer("min_disk").notNull(),
  /** MiB */
  minRam: integer("min_ram").notNull(),
  isProtected: boolean("protected").notNull(),
  isHidden: boolean("hidden").notNull(),
  tags: text().array().notNull(),
  properties: jsonb().$type<Readonly<Record<string, string>>>().notNull(),
  /** Under what the store keeps the bytes; another one for each upload. */
  dataId: text("data_id").unique(),
  /** Until when the process that receives the bytes is believed to be alive. */
  uploadLeaseUntil: instant("upload_lease_until"),
  createdAt: instant("created_at").notNull().default(sql`now()`),
  updatedAt: instant("updated_at").notNull().default(sql`now()`),
});

export const discardedData = image.table("discarded_data", {
  dataId: text("data_id").primaryKey(),
  dueAt: instant("due_at").notNull(),
});

export const ticketKeys = keyTable(image, "ticket_keys");

export type ImageRow = typeof images.$inferSelect;
export type NewImageRow = typeof images.$inferInsert;
