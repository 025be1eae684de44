import { instant, keyTable } from "@kilonova/database";
import { sql } from "drizzle-orm";
import { boolean, pgSchema, primaryKey, text, unique } from "drizzle-orm/pg-core";

const identity = pgSchema("identity");

export const domains = identity.table("domains", {
  id: text().primaryKey(),
  name: text().notNull().unique(),
  description: text().notNull().default(""),
  enabled: boolean().notNull().default(true),
});

export const projects = identity.table(
  "projects",
  {
    id: text().primaryKey(),
    domainId: text("domain_id").notNull(),
    name: text().notNull(),
    description: text().notNull().default(""),
    enabled: boolean().notNull().default(true),
    createdAt: instant("created_at").notNull().default(sql`now()`),
  },
  (table) => [unique().on(table.domainId, table.name)],
);

export const users = identity.table(
  "users",
  {
    id: text().primaryKey(),
    domainId: text("domain_id").notNull(),
    name: text().notNull(),
    /** PHC string; null: nobody can log in by password. */
    passwordHash: text("password_hash"),
    /** Tokens issued before are no good. */
    tokensValidFrom: instant("tokens_valid_from").notNull().default(sql`'epoch'`),
    defaultProjectId: text("default_project_id"),
    email: text(),
    description: text().notNull().default(""),
    enabled: boolean().notNull().default(true),
    createdAt: instant("created_at").notNull().default(sql`now()`),
  },
  (table) => [unique().on(table.domainId, table.name)],
);

export const roles = identity.table("roles", {
  id: text().primaryKey(),
  name: text().notNull().unique(),
  description: text().notNull().default(""),
});

export const roleAssignments = identity.table(
  "role_assignments",
  {
    userId: text("user_id").notNull(),
    projectId: text("project_id").notNull(),
    roleId: text("role_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.projectId, table.roleId] })],
);

export const regions = identity.table("regions", {
  id: text().primaryKey(),
  description: text().notNull().default(""),
});

export const services = identity.table("services", {
  id: text().primaryKey(),
  type: text().notNull().unique(),
  name: text().notNull(),
  description: text().notNull().default(""),
  enabled: boolean().notNull().default(true),
});

export const endpoints = identity.table(
  "endpoints",
  {
    id: text().primaryKey(),
    serviceId: text("service_id").notNull(),
    regionId: text("region_id").notNull(),
    interface: text().$type<EndpointInterface>().notNull(),
    url: text().notNull(),
    enabled: boolean().notNull().default(true),
  },
  (table) => [unique().on(table.serviceId, table.regionId, table.interface)],
);

export const tokenKeys = keyTable(identity, "token_keys");

export const revokedTokens = identity.table("revoked_tokens", {
  auditId: text("audit_id").primaryKey(),
  expiresAt: instant("expires_at").notNull(),
});

export type EndpointInterface = "public" | "internal" | "admin";
export type DomainRow = typeof domains.$inferSelect;
export type ProjectRow = typeof projects.$inferSelect;
export type UserRow = typeof users.$inferSelect;
export type RoleRow = typeof roles.$inferSelect;
