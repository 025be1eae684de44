import { primaryKey, text } from "drizzle-orm/pg-core";
import { compute, createdAt } from "./schema.js";

/** Public keys, of users. */
export const keypairs = compute.table(
  "keypairs",
  {
    userId: text("user_id").notNull(),
    name: text().notNull(),
    type: text().$type<"ssh" | "x509">().notNull(),
    fingerprint: text().notNull(),
    publicKey: text("public_key").notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ name: "keypairs_pkey", columns: [table.userId, table.name] })],
);
