import type { Database } from "@kilonova/database";
import { ApiFault, declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import type { Clock } from "@kilonova/plugin-api";
import { and, asc, eq, type SQL } from "drizzle-orm";
import { z } from "zod";
import { DEFAULT_DOMAIN, newId } from "../bootstrap.js";
import type { PasswordHasher } from "../password-hasher.js";
import { projects, type UserRow, users } from "../tables.js";
import { isUniqueViolation } from "../unique-violation.js";
import { projectsOf } from "./auth.js";
import { flag } from "./flag.js";
import { linksOfList, listView, projectView, userView, viewProject, viewUser } from "./views.js";

const name = z.string().min(1).max(255);
const password = z.string().min(1).max(4096);
const attributes = {
  password: password.nullable().optional(),
  enabled: z.boolean().optional(),
  description: z.string().max(4096).nullable().optional(),
  email: z.string().max(255).nullable().optional(),
  default_project_id: z.string().max(64).nullable().optional(),
};
const userReply = z.object({ user: userView });

const listUsers = declareRoute({
  method: "GET",
  path: "/users",
  policy: "identity:list_users",
  query: z.object({ name: z.string().optional(), domain_id: z.string().optional(), enabled: z.string().optional() }),
  replies: { 200: listView("users", userView) },
});
const showUser = declareRoute({
  method: "GET",
  path: "/users/{user_id}",
  policy: "identity:get_user",
  replies: { 200: userReply },
});
const createUser = declareRoute({
  method: "POST",
  path: "/users",
  policy: "identity:create_user",
  body: z.looseObject({ user: z.looseObject({ name, domain_id: z.string().max(64).optional(), ...attributes }) }),
  replies: { 201: userReply },
  errors: [409],
});
const updateUser = declareRoute({
  method: "PATCH",
  path: "/users/{user_id}",
  policy: "identity:update_user",
  body: z.looseObject({ user: z.looseObject({ name: name.optional(), ...attributes }) }),
  replies: { 200: userReply },
  errors: [409],
});
const deleteUser = declareRoute({
  method: "DELETE",
  path: "/users/{user_id}",
  policy: "identity:delete_user",
  replies: { 204: null },
});
const changePassword = declareRoute({
  method: "POST",
  path: "/users/{user_id}/password",
  policy: "identity:change_password",
  body: z.looseObject({ user: z.looseObject({ original_password: z.string().max(4096), password }) }),
  replies: { 204: null },
});
const listUserProjects = declareRoute({
  method: "GET",
  path: "/users/{user_id}/projects",
  policy: "identity:list_user_projects",
  replies: { 200: listView("projects", projectView) },
});

export class UsersController {
  constructor(
    private readonly database: Database,
    private readonly hasher: PasswordHasher,
    private readonly clock: Clock,
  ) {}

  @route(listUsers)
  async list({ query, links }: RouteRequest<typeof listUsers>): Promise<Reply<typeof listUsers>> {
    const conditions: SQL[] = [];
    if (query.name !== undefined) conditions.push(eq(users.name, query.name));
    if (query.domain_id !== undefined) conditions.push(eq(users.domainId, query.domain_id));
    if (query.enabled !== undefined) conditions.push(eq(users.enabled, flag(query.enabled)));
    const found = await this.database
      .select()
      .from(users)
      .where(and(...conditions))
      .orderBy(asc(users.name));
    return {
      status: 200,
      body: { users: found.map((user) => viewUser(user, links)), links: linksOfList(links, "/users") },
    };
  }

  @route(showUser)
  async show({ params, links }: RouteRequest<typeof showUser>): Promise<Reply<typeof showUser>> {
    return { status: 200, body: { user: viewUser(await this.#user(params.user_id), links) } };
  }

  @route(createUser)
  async create({ body, links }: RouteRequest<typeof createUser>): Promise<Reply<typeof createUser>> {
    const { user } = body;
    const domainId = user.domain_id ?? DEFAULT_DOMAIN.id;
    if (domainId !== DEFAULT_DOMAIN.id) return fault(404, `Could not find domain: ${domainId}.`);
    await this.#checkProject(user.default_project_id);
    const passwordHash = typeof user.password === "string" ? await this.hasher.hash(user.password) : null;
    const [made] = await this.database
      .insert(users)
      .values({
        id: newId(),
        domainId,
        name: user.name,
        passwordHash,
        enabled: user.enabled ?? true,
        description: user.description ?? "",
        email: user.email ?? null,
        defaultProjectId: user.default_project_id ?? null,
      })
      .onConflictDoNothing()
      .returning();
    return made ? { status: 201, body: { user: viewUser(made, links) } } : nameTaken(user.name);
  }

  @route(updateUser)
  async update({ params, body, links }: RouteRequest<typeof updateUser>): Promise<Reply<typeof updateUser>> {
    const { user } = body;
    const before = await this.#user(params.user_id);
    await this.#checkProject(user.default_project_id);
    // A new password, or being shut out, ends all tokens that were given before.
    const endsTokens = user.password !== undefined || user.enabled === false;
    const changes = {
      name: user.name ?? before.name,
      enabled: user.enabled ?? before.enabled,
      ...(user.description === undefined ? {} : { description: user.description ?? "" }),
      ...(user.email === undefined ? {} : { email: user.email }),
      ...(user.default_project_id === undefined ? {} : { defaultProjectId: user.default_project_id }),
      ...(user.password === undefined
        ? {}
        : { passwordHash: user.password === null ? null : await this.hasher.hash(user.password) }),
      ...(endsTokens ? { tokensValidFrom: this.#now() } : {}),
    };
    try {
      const [after] = await this.database.update(users).set(changes).where(eq(users.id, before.id)).returning();
      return after ? { status: 200, body: { user: viewUser(after, links) } } : notFound(before.id);
    } catch (error) {
      if (isUniqueViolation(error)) return nameTaken(changes.name);
      throw error;
    }
  }

  @route(deleteUser)
  async delete({ params }: RouteRequest<typeof deleteUser>): Promise<Reply<typeof deleteUser>> {
    const gone = await this.database.delete(users).where(eq(users.id, params.user_id)).returning({ id: users.id });
    return gone.length > 0 ? { status: 204 } : notFound(params.user_id);
  }

  @route(changePassword)
  async changePassword({ params, body }: RouteRequest<typeof changePassword>): Promise<Reply<typeof changePassword>> {
    const user = await this.#user(params.user_id);
    if (!(await this.hasher.verify(body.user.original_password, user.passwordHash ?? undefined))) {
      return fault(401, "The request you have made requires authentication.");
    }
    const passwordHash = await this.hasher.hash(body.user.password);
    await this.database.update(users).set({ passwordHash, tokensValidFrom: this.#now() }).where(eq(users.id, user.id));
    return { status: 204 };
  }

  @route(listUserProjects)
  async projects({ params, links }: RouteRequest<typeof listUserProjects>): Promise<Reply<typeof listUserProjects>> {
    const user = await this.#user(params.user_id);
    const shown = (await projectsOf(this.database, user.id)).map((project) => viewProject(project, links));
    return { status: 200, body: { projects: shown, links: linksOfList(links, `/users/${user.id}/projects`) } };
  }

  async #user(id: string): Promise<UserRow> {
    const [found] = await this.database.select().from(users).where(eq(users.id, id));
    if (!found) throw notFound(id);
    return found;
  }

  async #checkProject(id: string | null | undefined): Promise<void> {
    if (id === null || id === undefined) return;
    const found = await this.database.select({ id: projects.id }).from(projects).where(eq(projects.id, id));
    if (found.length === 0) throw new ApiFault(404, `Could not find project: ${id}.`);
  }

  #now(): string {
    return new Date(this.clock.now()).toISOString();
  }
}

function notFound(id: string): ApiFault {
  return fault(404, `Could not find user: ${id}.`);
}

function nameTaken(taken: string): ApiFault {
  return fault(409, `There is a user ${taken} in the domain already.`);
}
