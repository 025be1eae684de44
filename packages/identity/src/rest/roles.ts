import type { Database } from "@kilonova/database";
import { type ApiFault, declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { and, asc, eq } from "drizzle-orm";
import { z } from "zod";
import { newId } from "../bootstrap.js";
import { projects, roleAssignments, roles, users } from "../tables.js";
import { linksOfList, listView, roleView, viewRole } from "./views.js";

const roleReply = z.object({ role: roleView });
const GRANT = "/projects/{project_id}/users/{user_id}/roles/{role_id}";

const listRoles = declareRoute({
  method: "GET",
  path: "/roles",
  policy: "identity:list_roles",
  query: z.object({ name: z.string().optional() }),
  replies: { 200: listView("roles", roleView) },
});
const showRole = declareRoute({
  method: "GET",
  path: "/roles/{role_id}",
  policy: "identity:get_role",
  replies: { 200: roleReply },
});
const createRole = declareRoute({
  method: "POST",
  path: "/roles",
  policy: "identity:create_role",
  body: z.looseObject({
    role: z.looseObject({ name: z.string().min(1).max(255), description: z.string().max(4096).nullable().optional() }),
  }),
  replies: { 201: roleReply },
  errors: [409],
});
const deleteRole = declareRoute({
  method: "DELETE",
  path: "/roles/{role_id}",
  policy: "identity:delete_role",
  replies: { 204: null },
});
const addGrant = declareRoute({ method: "PUT", path: GRANT, policy: "identity:create_grant", replies: { 204: null } });
const checkGrant = declareRoute({
  method: "HEAD",
  path: GRANT,
  policy: "identity:check_grant",
  replies: { 204: null },
});
const showGrant = declareRoute({ method: "GET", path: GRANT, policy: "identity:check_grant", replies: { 204: null } });
const removeGrant = declareRoute({
  method: "DELETE",
  path: GRANT,
  policy: "identity:revoke_grant",
  replies: { 204: null },
});
const listGrants = declareRoute({
  method: "GET",
  path: "/projects/{project_id}/users/{user_id}/roles",
  policy: "identity:list_grants",
  replies: { 200: listView("roles", roleView) },
});

type GrantParams = RouteRequest<typeof addGrant>["params"];

/** Roles, and who has which in what project. */
export class RolesController {
  constructor(private readonly database: Database) {}

  @route(listRoles)
  async list({ query, links }: RouteRequest<typeof listRoles>): Promise<Reply<typeof listRoles>> {
    const condition = query.name === undefined ? undefined : eq(roles.name, query.name);
    const found = await this.database.select().from(roles).where(condition).orderBy(asc(roles.name));
    return {
      status: 200,
      body: { roles: found.map((role) => viewRole(role, links)), links: linksOfList(links, "/roles") },
    };
  }

  @route(showRole)
  async show({ params, links }: RouteRequest<typeof showRole>): Promise<Reply<typeof showRole>> {
    const [found] = await this.database.select().from(roles).where(eq(roles.id, params.role_id));
    return found ? { status: 200, body: { role: viewRole(found, links) } } : notFound("role", params.role_id);
  }

  @route(createRole)
  async create({ body, links }: RouteRequest<typeof createRole>): Promise<Reply<typeof createRole>> {
    const { name, description } = body.role;
    const [made] = await this.database
      .insert(roles)
      .values({ id: newId(), name, description: description ?? "" })
      .onConflictDoNothing()
      .returning();
    return made
      ? { status: 201, body: { role: viewRole(made, links) } }
      : fault(409, `There is a role ${name} already.`);
  }

  @route(deleteRole)
  async delete({ params }: RouteRequest<typeof deleteRole>): Promise<Reply<typeof deleteRole>> {
    const gone = await this.database.delete(roles).where(eq(roles.id, params.role_id)).returning({ id: roles.id });
    return gone.length > 0 ? { status: 204 } : notFound("role", params.role_id);
  }

  @route(addGrant)
  async add({ params }: RouteRequest<typeof addGrant>): Promise<Reply<typeof addGrant>> {
    await this.#checkParties(params);
    const { user_id: userId, project_id: projectId, role_id: roleId } = params;
    await this.database.insert(roleAssignments).values({ userId, projectId, roleId }).onConflictDoNothing();
    return { status: 204 };
  }

  @route(checkGrant)
  @route(showGrant)
  async check({ params }: RouteRequest<typeof checkGrant>): Promise<Reply<typeof checkGrant>> {
    const found = await this.database
      .select({ id: roleAssignments.roleId })
      .from(roleAssignments)
      .where(grantIs(params));
    return found.length > 0 ? { status: 204 } : noGrant(params);
  }

  @route(removeGrant)
  async remove({ params }: RouteRequest<typeof removeGrant>): Promise<Reply<typeof removeGrant>> {
    const gone = await this.database
      .delete(roleAssignments)
      .where(grantIs(params))
      .returning({ id: roleAssignments.roleId });
    return gone.length > 0 ? { status: 204 } : noGrant(params);
  }

  @route(listGrants)
  async grants({ params, links }: RouteRequest<typeof listGrants>): Promise<Reply<typeof listGrants>> {
    const { project_id: projectId, user_id: userId } = params;
    const found = await this.database
      .select({ role: roles })
      .from(roleAssignments)
      .innerJoin(roles, eq(roles.id, roleAssignments.roleId))
      .where(and(eq(roleAssignments.projectId, projectId), eq(roleAssignments.userId, userId)))
      .orderBy(asc(roles.name));
    const self = linksOfList(links, `/projects/${projectId}/users/${userId}/roles`);
    return { status: 200, body: { roles: found.map(({ role }) => viewRole(role, links)), links: self } };
  }

  async #checkParties({ user_id: userId, project_id: projectId, role_id: roleId }: GrantParams): Promise<void> {
    const [user, project, role] = await Promise.all([
      this.database.select({ id: users.id }).from(users).where(eq(users.id, userId)),
      this.database.select({ id: projects.id }).from(projects).where(eq(projects.id, projectId)),
      this.database.select({ id: roles.id }).from(roles).where(eq(roles.id, roleId)),
    ]);
    if (user.length === 0) throw notFound("user", userId);
    if (project.length === 0) throw notFound("project", projectId);
    if (role.length === 0) throw notFound("role", roleId);
  }
}

function grantIs({ user_id: userId, project_id: projectId, role_id: roleId }: GrantParams) {
  return and(
    eq(roleAssignments.userId, userId),
    eq(roleAssignments.projectId, projectId),
    eq(roleAssignments.roleId, roleId),
  );
}

function notFound(what: string, id: string): ApiFault {
  return fault(404, `Could not find ${what}: ${id}.`);
}

function noGrant({ user_id: userId, project_id: projectId, role_id: roleId }: GrantParams): ApiFault {
  return fault(404, `Could not find role assignment with role: ${roleId}, user: ${userId}, project: ${projectId}.`);
}
