import type { Database } from "@kilonova/database";
import { and, asc, eq } from "drizzle-orm";
import { domains, type ProjectRow, projects, roleAssignments, roles } from "./tables.js";

/** A project that a token is for, and what the user is there. */
export interface Scope {
  readonly project: ProjectRow;
  readonly domainName: string;
  /** At least one. */
  readonly roles: readonly { readonly id: string; readonly name: string }[];
}

/** What a user is in a project; undefined where he is nothing, or the project is disabled or none. */
export async function scopeOf(database: Database, userId: string, projectId: string): Promise<Scope | undefined> {
  const rows = await database
    .select({ project: projects, domainName: domains.name, role: { id: roles.id, name: roles.name } })
    .from(roleAssignments)
    .innerJoin(roles, eq(roles.id, roleAssignments.roleId))
    .innerJoin(projects, eq(projects.id, roleAssignments.projectId))
    .innerJoin(domains, eq(domains.id, projects.domainId))
    .where(
      and(
        eq(roleAssignments.userId, userId),
        eq(roleAssignments.projectId, projectId),
        projects.enabled,
        domains.enabled,
      ),
    )
    .orderBy(asc(roles.name));
  const [first] = rows;
  return first && { project: first.project, domainName: first.domainName, roles: rows.map(({ role }) => role) };
}
