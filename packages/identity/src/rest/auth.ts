import type { Database } from "@kilonova/database";
import { ApiFault, declareRoute, type Reply, type RouteRequest, type RouteSpec, route } from "@kilonova/http";
import type { RequestHeaders } from "@kilonova/plugin-api";
import { and, asc, eq, exists } from "drizzle-orm";
import { z } from "zod";
import { type Authentication, authenticationBody } from "../authentication.js";
import { readCatalog } from "../catalog.js";
import { projects, roleAssignments } from "../tables.js";
import type { TokenFacts, Tokens } from "../tokens.js";
import {
  catalogOf,
  catalogView,
  linksOfList,
  listView,
  projectView,
  tokenView,
  viewProject,
  viewToken,
} from "./views.js";

const noCatalog = z.object({ nocatalog: z.string().optional() });
const tokenReply = z.object({ token: tokenView });

const issueToken = declareRoute({
  method: "POST",
  path: "/auth/tokens",
  policy: "public",
  query: noCatalog,
  body: authenticationBody,
  replies: { 201: tokenReply },
});
const showToken = declareRoute({
  method: "GET",
  path: "/auth/tokens",
  policy: "authenticated",
  policies: ["identity:validate_token"],
  query: noCatalog,
  replies: { 200: tokenReply },
});
const checkToken = declareRoute({
  method: "HEAD",
  path: "/auth/tokens",
  policy: "authenticated",
  policies: ["identity:check_token"],
  replies: { 200: null },
});
const revokeToken = declareRoute({
  method: "DELETE",
  path: "/auth/tokens",
  policy: "authenticated",
  policies: ["identity:revoke_token"],
  replies: { 204: null },
});
const showCatalog = declareRoute({
  method: "GET",
  path: "/auth/catalog",
  policy: "authenticated",
  replies: { 200: z.object({ catalog: catalogView, links: z.object({ self: z.string() }) }) },
});
const listOwnProjects = declareRoute({
  method: "GET",
  path: "/auth/projects",
  policy: "authenticated",
  replies: { 200: listView("projects", projectView) },
});

/** Tokens, and what the bearer of one may use. */
export class AuthController {
  constructor(
    private readonly database: Database,
    private readonly tokens: Tokens,
    private readonly authentication: Authentication,
  ) {}

  @route(issueToken)
  async issue({ body, query }: RouteRequest<typeof issueToken>): Promise<Reply<typeof issueToken>> {
    const token = await this.authentication.tokenFor(body.auth);
    const facts = await this.tokens.validate(token);
    if (!facts) throw new ApiFault(401, "The request you have made requires authentication.");
    return { status: 201, body: { token: await this.#view(facts, query) }, headers: tokenHeaders(token) };
  }

  @route(showToken)
  async show(request: RouteRequest<typeof showToken>): Promise<Reply<typeof showToken>> {
    const { token, facts } = await this.#subject(request, "identity:validate_token");
    return { status: 200, body: { token: await this.#view(facts, request.query) }, headers: tokenHeaders(token) };
  }

  @route(checkToken)
  async check(request: RouteRequest<typeof checkToken>): Promise<Reply<typeof checkToken>> {
    const { token } = await this.#subject(request, "identity:check_token");
    return { status: 200, headers: tokenHeaders(token) };
  }

  @route(revokeToken)
  async revoke(request: RouteRequest<typeof revokeToken>): Promise<Reply<typeof revokeToken>> {
    const { facts } = await this.#subject(request, "identity:revoke_token");
    await this.tokens.revoke(facts);
    return { status: 204 };
  }

  @route(showCatalog)
  async catalog({ context, links }: RouteRequest<typeof showCatalog>): Promise<Reply<typeof showCatalog>> {
    if (context.projectId === undefined) throw new ApiFault(403, "A token that is for no project has no catalog.");
    const catalog = catalogOf(await readCatalog(this.database));
    return { status: 200, body: { catalog, links: { self: links.to("/auth/catalog") } } };
  }

  @route(listOwnProjects)
  async projects({ context, links }: RouteRequest<typeof listOwnProjects>): Promise<Reply<typeof listOwnProjects>> {
    const found = await projectsOf(this.database, context.userId ?? "");
    const shown = found.map((project) => viewProject(project, links));
    return { status: 200, body: { projects: shown, links: linksOfList(links, "/auth/projects") } };
  }

  async #view(facts: TokenFacts, query: z.output<typeof noCatalog>) {
    return viewToken(facts, query.nocatalog === undefined ? await readCatalog(this.database) : undefined);
  }

  /** The token that is spoken of. One that is no good is not found, whoever asks. */
  async #subject(request: Pick<RouteRequest<RouteSpec>, "headers" | "policy">, rule: string) {
    const token = subjectOf(request.headers);
    const facts = await this.tokens.validate(token);
    if (!facts) throw new ApiFault(404, "Could not find token.");
    request.policy.authorize(rule, { userId: facts.user.id });
    return { token, facts };
  }
}

/** The projects in which a user has a role. */
export async function projectsOf(database: Database, userId: string) {
  const assigned = database
    .select({ id: roleAssignments.roleId })
    .from(roleAssignments)
    .where(and(eq(roleAssignments.projectId, projects.id), eq(roleAssignments.userId, userId)));
  return await database
    .select()
    .from(projects)
    .where(and(projects.enabled, exists(assigned)))
    .orderBy(asc(projects.name));
}

function subjectOf(headers: RequestHeaders): string {
  const token = headers["x-subject-token"];
  return typeof token === "string" && token.length <= 4096 ? token : "";
}

function tokenHeaders(token: string): Readonly<Record<string, string>> {
  return { "X-Subject-Token": token, Vary: "X-Auth-Token" };
}
