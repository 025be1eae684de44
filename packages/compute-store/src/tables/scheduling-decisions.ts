import { instant } from "@kilonova/database";
import { sql } from "drizzle-orm";
import { index, jsonb, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { compute } from "./schema.js";

/** What schedulers decided, and why. The columns beside the document are what is looked for. */
export const schedulingDecisions = compute.table(
  "scheduling_decisions",
  {
    id: uuid().primaryKey(),
    /** When it was made, by the database's clock. */
    at: instant().notNull().default(sql`now()`),
    scheduler: text().notNull(),
    requestId: text("request_id").notNull(),
    projectId: text("project_id").notNull(),
    outcome: text().notNull(),
    profile: text().notNull(),
    message: text(),
    document: jsonb().$type<unknown>().notNull(),
  },
  (table) => [
    index("scheduling_decisions_by_age").on(table.at.desc(), table.id.desc()),
    index("scheduling_decisions_by_outcome").on(table.outcome, table.at.desc(), table.id.desc()),
    index("scheduling_decisions_of_project").on(table.projectId, table.at.desc(), table.id.desc()),
  ],
);

/** Which servers a decision was about. They may be gone, or never have been: a decision outlives them. */
export const schedulingDecisionServers = compute.table(
  "scheduling_decision_servers",
  {
    decisionId: uuid("decision_id")
      .notNull()
      .references(() => schedulingDecisions.id, { onDelete: "cascade" }),
    serverId: text("server_id").notNull(),
    /** The decision's, so that a server's newest is found by one index. */
    at: instant().notNull(),
  },
  (table) => [
    primaryKey({ name: "scheduling_decision_servers_pkey", columns: [table.decisionId, table.serverId] }),
    index("scheduling_decisions_of_server").on(table.serverId, table.at.desc(), table.decisionId.desc()),
  ],
);
