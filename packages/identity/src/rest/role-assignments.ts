import type { Database } from "@kilonova/database";
import { declareRoute, type Reply, type RouteRequest, route } from "@kilonova/http";
import { and, asc, eq, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { z } from "zod";
import { domains, projects, roleAssignments, roles, users } from "../tables.js";
import { flag } from "./flag.js";
import { linksOfList, listView } from "./views.js";

const reference = z.object({ id: z.string(), name: z.string().optional() });
const inDomain = z.object({ ...reference.shape, domain: reference.optional() });
const assignmentView = z.object({
  role: reference,
  user: inDomain,
  scope: z.object({ project: inDomain }),
  links: z.object({ assignment: z.string() }),
});

const listAssignments = declareRoute({
  method: "GET",
  path: "/role_assignments",
  policy: "identity:list_role_assignments",
  query: z.object({
    "user.id": z.string().optional(),
    "role.id": z.string().optional(),
    "group.id": z.string().optional(),
    "scope.project.id": z.string().optional(),
    "scope.domain.id": z.string().optional(),
    "scope.system": z.string().optional(),
    include_names: z.string().optional(),
  }),
  replies: { 200: listView("role_assignments", assignmentView) },
});

type Query = RouteRequest<typeof listAssignments>["query"];

const userDomains = alias(domains, "user_domains");

export class RoleAssignmentsController {
  constructor(private readonly database: Database) {}

  @route(listAssignments)
  async list({ query, links }: RouteRequest<typeof listAssignments>): Promise<Reply<typeof listAssignments>> {
    const rows = await this.database
      .select({ role: roles, user: users, userDomain: userDomains, project: projects, projectDomain: domains })
      .from(roleAssignments)
      .innerJoin(roles, eq(roles.id, roleAssignments.roleId))
      .innerJoin(users, eq(users.id, roleAssignments.userId))
      .innerJoin(userDomains, eq(userDomains.id, users.domainId))
      .innerJoin(projects, eq(projects.id, roleAssignments.projectId))
      .innerJoin(domains, eq(domains.id, projects.domainId))
      .where(and(...conditionsOf(query)))
      .orderBy(asc(users.name), asc(projects.name), asc(roles.name));
    const named = query.include_names !== undefined && flag(query.include_names);
    const shown = ({ id, name }: { id: string; name: string }) => (named ? { id, name } : { id });
    return {
      status: 200,
      body: {
        role_assignments: rows.map(({ role, user, userDomain, project, projectDomain }) => ({
          role: shown(role),
          user: { ...shown(user), ...(named ? { domain: shown(userDomain) } : {}) },
          scope: { project: { ...shown(project), ...(named ? { domain: shown(projectDomain) } : {}) } },
          links: { assignment: links.to(`/projects/${project.id}/users/${user.id}/roles/${role.id}`) },
        })),
        links: linksOfList(links, "/role_assignments"),
      },
    };
  }
}

function conditionsOf(query: Query): SQL[] {
  const conditions: SQL[] = [];
  if (query["user.id"] !== undefined) conditions.push(eq(roleAssignments.userId, query["user.id"]));
  if (query["role.id"] !== undefined) conditions.push(eq(roleAssignments.roleId, query["role.id"]));
  if (query["scope.project.id"] !== undefined)
    conditions.push(eq(roleAssignments.projectId, query["scope.project.id"]));
  // Roles are given to users in projects alone.
  if (query["group.id"] ?? query["scope.domain.id"] ?? query["scope.system"]) conditions.push(sql`false`);
  return conditions;
}
