import {
  createServerGroup,
  deleteServerGroup,
  findServerGroup,
  listServerGroups,
  type ServerGroupRecord,
} from "@kilonova/compute-store";
import type { Database } from "@kilonova/database";
import { ApiFault, byVersion, declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { limitsOfProject } from "../quotas/limits-of-project.js";
import type { QuotaLimits } from "../quotas/quota-resources.js";
import { MAX_INTEGER } from "../schemas/parameter-types.js";
import { resource } from "../schemas/replies.js";
import { createServerGroupBodies } from "../schemas/server-groups.js";
import { serverGroupView } from "../views/server-groups.js";

const amount = z.number().int().nonnegative().max(MAX_INTEGER).optional();
const query = { all_projects: z.array(z.string()).optional(), limit: amount, offset: amount };
const oneReply = { 200: z.object({ server_group: resource }) };

const list = declareRoute({
  method: "GET",
  path: "/os-server-groups",
  policy: "os_compute_api:os-server-groups:index",
  policies: ["os_compute_api:os-server-groups:index:all_projects"],
  query: byVersion({ "2.1": z.object(query), "2.75": z.strictObject(query) }),
  replies: { 200: z.object({ server_groups: z.array(resource) }) },
});
const create = declareRoute({
  method: "POST",
  path: "/os-server-groups",
  policy: "os_compute_api:os-server-groups:create",
  body: byVersion<z.ZodType<z.output<(typeof createServerGroupBodies)[keyof typeof createServerGroupBodies]>>>(
    createServerGroupBodies,
  ),
  replies: oneReply,
});
const show = declareRoute({
  method: "GET",
  path: "/os-server-groups/{group_id}",
  policy: "os_compute_api:os-server-groups:show",
  replies: oneReply,
});
const remove = declareRoute({
  method: "DELETE",
  path: "/os-server-groups/{group_id}",
  policy: "os_compute_api:os-server-groups:delete",
  replies: { 204: null },
});

/** Server groups: how servers are to be placed in regard to one another. */
export class ServerGroupsController {
  constructor(
    private readonly database: Database,
    private readonly defaults: QuotaLimits,
    private readonly maxLimit: number,
  ) {}

  @route(list)
  async list({ context, query: asked, policy, version }: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    // Of those who may not ask for all, the wish is passed over.
    const everywhere =
      asked.all_projects !== undefined && policy.allows("os_compute_api:os-server-groups:index:all_projects");
    const found = await listServerGroups(this.database, {
      projectId: everywhere ? undefined : (context.projectId ?? ""),
      limit: Math.min(asked.limit || this.maxLimit, this.maxLimit),
      offset: asked.offset ?? 0,
    });
    return { status: 200, body: { server_groups: found.map((group) => serverGroupView(group, version.minor)) } };
  }

  @route(create)
  async create({ context, body, version }: RouteRequest<typeof create>): Promise<Reply<typeof create>> {
    const { projectId, userId } = context;
    if (projectId === undefined || userId === undefined) return fault(403, "Server groups are made within a project.");
    const { name, ...asked } = body.server_group;
    const policy = "policy" in asked ? asked.policy : asked.policies[0];
    if (policy === undefined) throw new TypeError("the schema asks for one policy");
    const most = "policy" in asked ? asked.rules?.max_server_per_host : undefined;
    if (most !== undefined && policy !== "anti-affinity") {
      return fault(400, "Only anti-affinity policy supports rules.");
    }
    const rules = most === undefined ? {} : { max_server_per_host: positive(most) };
    const { server_groups: limit } = await limitsOfProject(this.database, this.defaults, projectId);
    const made = await createServerGroup(this.database, { projectId, userId, name, policy, rules }, limit);
    if (!made.ok) return fault(403, "Quota exceeded, too many server groups.");
    return { status: 200, body: { server_group: serverGroupView(made.value, version.minor) } };
  }

  @route(show)
  async show(request: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const group = await this.#find(request, request.params.group_id, show.policy);
    return { status: 200, body: { server_group: serverGroupView(group, request.version.minor) } };
  }

  @route(remove)
  async remove(request: RouteRequest<typeof remove>): Promise<Reply<typeof remove>> {
    const { id } = await this.#find(request, request.params.group_id, remove.policy);
    return (await deleteServerGroup(this.database, id)) ? { status: 204 } : noSuchServerGroup(id);
  }

  /** A group that whoever asks may do this to; another project's does not exist for him. @throws ApiFault 404, 403 */
  async #find(
    { context, policy }: Pick<RouteRequest, "context" | "policy">,
    id: string,
    rule: string,
  ): Promise<ServerGroupRecord> {
    const found = await findServerGroup(this.database, id);
    if (!found || (!context.isAdmin && found.projectId !== context.projectId)) throw noSuchServerGroup(id);
    policy.authorize(rule, { projectId: found.projectId, userId: found.userId });
    return found;
  }
}

function noSuchServerGroup(id: string): ApiFault {
  return new ApiFault(404, `Instance group ${id} could not be found.`);
}

/** Digits are taken for a number; it must fit. @throws ApiFault 400 */
function positive(value: number | string): number {
  const number = Number(value);
  if (number >= 1 && number <= MAX_INTEGER) return number;
  throw new ApiFault(
    400,
    `Invalid input for field/attribute max_server_per_host. Value: ${value}. It must be positive.`,
  );
}
