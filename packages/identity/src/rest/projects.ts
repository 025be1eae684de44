import type { Database } from "@kilonova/database";
import { type ApiFault, declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { and, asc, eq, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { DEFAULT_DOMAIN, newId } from "../bootstrap.js";
import { projects } from "../tables.js";
import { isUniqueViolation } from "../unique-violation.js";
import { flag } from "./flag.js";
import { linksOfList, listView, projectView, viewProject } from "./views.js";

const name = z.string().min(1).max(64);
const attributes = {
  enabled: z.boolean().optional(),
  description: z.string().max(4096).nullable().optional(),
};
const projectReply = z.object({ project: projectView });

const listProjects = declareRoute({
  method: "GET",
  path: "/projects",
  policy: "identity:list_projects",
  query: z.object({
    name: z.string().optional(),
    domain_id: z.string().optional(),
    parent_id: z.string().optional(),
    enabled: z.string().optional(),
    is_domain: z.string().optional(),
  }),
  replies: { 200: listView("projects", projectView) },
});
const showProject = declareRoute({
  method: "GET",
  path: "/projects/{project_id}",
  policy: "identity:get_project",
  replies: { 200: projectReply },
});
const createProject = declareRoute({
  method: "POST",
  path: "/projects",
  policy: "identity:create_project",
  body: z.looseObject({
    project: z.looseObject({
      name,
      domain_id: z.string().max(64).nullable().optional(),
      parent_id: z.string().max(64).nullable().optional(),
      is_domain: z.boolean().optional(),
      ...attributes,
    }),
  }),
  replies: { 201: projectReply },
  errors: [409],
});
const updateProject = declareRoute({
  method: "PATCH",
  path: "/projects/{project_id}",
  policy: "identity:update_project",
  body: z.looseObject({ project: z.looseObject({ name: name.optional(), ...attributes }) }),
  replies: { 200: projectReply },
  errors: [409],
});
const deleteProject = declareRoute({
  method: "DELETE",
  path: "/projects/{project_id}",
  policy: "identity:delete_project",
  replies: { 204: null },
});

export class ProjectsController {
  constructor(private readonly database: Database) {}

  @route(listProjects)
  async list({ query, links }: RouteRequest<typeof listProjects>): Promise<Reply<typeof listProjects>> {
    const conditions: SQL[] = [];
    if (query.name !== undefined) conditions.push(eq(projects.name, query.name));
    if (query.domain_id !== undefined) conditions.push(eq(projects.domainId, query.domain_id));
    if (query.parent_id !== undefined) conditions.push(eq(projects.domainId, query.parent_id));
    if (query.enabled !== undefined) conditions.push(eq(projects.enabled, flag(query.enabled)));
    if (query.is_domain !== undefined && flag(query.is_domain)) conditions.push(sql`false`);
    const found = await this.database
      .select()
      .from(projects)
      .where(and(...conditions))
      .orderBy(asc(projects.name));
    const shown = found.map((project) => viewProject(project, links));
    return { status: 200, body: { projects: shown, links: linksOfList(links, "/projects") } };
  }

  @route(showProject)
  async show({ params, links }: RouteRequest<typeof showProject>): Promise<Reply<typeof showProject>> {
    const [found] = await this.database.select().from(projects).where(eq(projects.id, params.project_id));
    return found ? { status: 200, body: { project: viewProject(found, links) } } : notFound(params.project_id);
  }

  @route(createProject)
  async create({ body, links }: RouteRequest<typeof createProject>): Promise<Reply<typeof createProject>> {
    const { project } = body;
    const domainId = project.domain_id ?? DEFAULT_DOMAIN.id;
    if (domainId !== DEFAULT_DOMAIN.id) return fault(404, `Could not find domain: ${domainId}.`);
    if ((project.parent_id ?? domainId) !== domainId || project.is_domain) {
      return fault(403, "Projects stand in the domain itself, not below one another, and are none.");
    }
    const [made] = await this.database
      .insert(projects)
      .values({
        id: newId(),
        domainId,
        name: project.name,
        enabled: project.enabled ?? true,
        description: project.description ?? "",
      })
      .onConflictDoNothing()
      .returning();
    return made ? { status: 201, body: { project: viewProject(made, links) } } : nameTaken(project.name);
  }

  @route(updateProject)
  async update({ params, body, links }: RouteRequest<typeof updateProject>): Promise<Reply<typeof updateProject>> {
    const { project } = body;
    const changes = {
      // An update has to set something.
      id: params.project_id,
      ...(project.name === undefined ? {} : { name: project.name }),
      ...(project.enabled === undefined ? {} : { enabled: project.enabled }),
      ...(project.description === undefined ? {} : { description: project.description ?? "" }),
    };
    try {
      const [after] = await this.database
        .update(projects)
        .set(changes)
        .where(eq(projects.id, params.project_id))
        .returning();
      return after ? { status: 200, body: { project: viewProject(after, links) } } : notFound(params.project_id);
    } catch (error) {
      if (isUniqueViolation(error)) return nameTaken(project.name ?? "");
      throw error;
    }
  }

  @route(deleteProject)
  async delete({ params }: RouteRequest<typeof deleteProject>): Promise<Reply<typeof deleteProject>> {
    const gone = await this.database
      .delete(projects)
      .where(eq(projects.id, params.project_id))
      .returning({ id: projects.id });
    return gone.length > 0 ? { status: 204 } : notFound(params.project_id);
  }
}

function notFound(id: string): ApiFault {
  return fault(404, `Could not find project: ${id}.`);
}

function nameTaken(taken: string): ApiFault {
  return fault(409, `There is a project ${taken} in the domain already.`);
}
