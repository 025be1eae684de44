import type { Destination, Fault, Operation, OperationAction } from "@kilonova/contracts";
import { instant } from "@kilonova/database";
import { isNull, sql } from "drizzle-orm";
import { bigint, index, integer, jsonb, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { compute, createdAt, updatedAt } from "./schema.js";
import { servers } from "./servers.js";

/** `pending` waits for somebody to take it, `running` has an owner; the others are over. */
export type OperationState = "pending" | "running" | "done" | "failed";

/** Work on servers. A server has one at a time that is not over. */
export const operations = compute.table(
  "operations",
  {
    id: uuid().primaryKey(),
    serverId: uuid("server_id")
      .notNull()
      .references(() => servers.id, { onDelete: "cascade" }),
    action: text().$type<OperationAction>().notNull(),
    stage: text().$type<Operation["stage"]>().notNull(),
    host: text(),
    state: text().$type<OperationState>().notNull(),
    /** Which process has it: unique to that process's life. */
    owner: text(),
    /** The one its present or last owner got; 0 before the first. */
    fence: bigint({ mode: "number" }).notNull().default(0),
    leaseUntil: instant("lease_until"),
    /** When a sweep looks at it: not taken in time, or its lease is over. */
    dueAt: instant("due_at").notNull(),
    /** How often a sweep has looked since somebody took it. */
    sweeps: integer().notNull().default(0),
    attempt: integer().notNull().default(0),
    alternates: jsonb().$type<Destination[]>().notNull().default([]),
    args: jsonb().$type<Operation["args"]>().notNull(),
    requestId: text("request_id").notNull(),
    projectId: text("project_id").notNull(),
    userId: text("user_id").notNull(),
    lastFault: jsonb("last_fault").$type<Fault>(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    finishedAt: instant("finished_at"),
  },
  (table) => [
    uniqueIndex("operations_open_of_server").on(table.serverId).where(isNull(table.finishedAt)),
    index("operations_due").on(table.dueAt).where(isNull(table.finishedAt)),
    index("operations_of_host").on(table.host).where(isNull(table.finishedAt)),
    index("operations_of_owner").on(table.owner).where(sql`${table.state} = 'running'`),
    index("operations_of_server").on(table.serverId, table.createdAt.desc()),
  ],
);

/** The steps of operations, for people. */
export const operationEvents = compute.table(
  "operation_events",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    operationId: uuid("operation_id")
      .notNull()
      .references(() => operations.id, { onDelete: "cascade" }),
    event: text().notNull(),
    host: text(),
    startedAt: instant("started_at").notNull(),
    finishedAt: instant("finished_at").notNull(),
    result: text().$type<"Success" | "Error">().notNull(),
    details: text(),
  },
  (table) => [index("events_of_operation").on(table.operationId, table.id)],
);
