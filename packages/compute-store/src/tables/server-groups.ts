import type { GroupPolicy } from "@kilonova/contracts";
import { index, jsonb, text, uuid } from "drizzle-orm/pg-core";
import { compute, createdAt } from "./schema.js";
import { servers } from "./servers.js";

/** Server groups: how their members are to be placed. */
export const serverGroups = compute.table(
  "server_groups",
  {
    id: uuid().primaryKey(),
    projectId: text("project_id").notNull(),
    userId: text("user_id").notNull(),
    name: text().notNull(),
    policy: text().$type<GroupPolicy>().notNull(),
    /** By the API's name: of anti-affinity, how many members may share a host. */
    rules: jsonb().$type<{ readonly max_server_per_host?: number }>().notNull().default({}),
    createdAt: createdAt(),
  },
  (table) => [index("server_groups_of_project").on(table.projectId, table.createdAt, table.id)],
);

/** The servers of groups. A server is in one at most, from its making to its deletion. */
export const serverGroupMembers = compute.table(
  "server_group_members",
  {
    serverId: uuid("server_id")
      .primaryKey()
      .references(() => servers.id, { onDelete: "cascade" }),
    groupId: uuid("group_id")
      .notNull()
      .references(() => serverGroups.id, { onDelete: "cascade" }),
  },
  (table) => [index("members_of_server_group").on(table.groupId)],
);
