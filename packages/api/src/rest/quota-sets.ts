import { deleteQuotas, setQuotas } from "@kilonova/compute-store";
import type { Database } from "@kilonova/database";
import { ApiFault, byVersion, declareRoute, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { limitsOfProject } from "../quotas/limits-of-project.js";
import type { QuotaLimits } from "../quotas/quota-resources.js";
import { usageOfProject } from "../quotas/usage-of-project.js";
import { isTrue, MAX_INTEGER } from "../schemas/parameter-types.js";
import { updateQuotaSetBodies } from "../schemas/quota-sets.js";
import { loose } from "../schemas/replies.js";
import { type QuotaUsage, quotaSetDetailView, quotaSetView } from "../views/quota-sets.js";

// Users of a project have no quotas of their own here; who asks for one's is told of the project's.
const query = { user_id: z.string().optional() };
const queries = byVersion({ "2.1": z.object(query), "2.75": z.strictObject(query) });
const replies = { 200: z.object({ quota_set: loose }) };

const show = declareRoute({
  method: "GET",
  path: "/os-quota-sets/{project}",
  policy: "authenticated",
  policies: ["os_compute_api:os-quota-sets:show"],
  query: queries,
  replies,
});
const defaults = declareRoute({
  method: "GET",
  path: "/os-quota-sets/{project}/defaults",
  policy: "os_compute_api:os-quota-sets:defaults",
  replies,
});
const detail = declareRoute({
  method: "GET",
  path: "/os-quota-sets/{project}/detail",
  policy: "authenticated",
  policies: ["os_compute_api:os-quota-sets:detail"],
  query: queries,
  replies,
});
const update = declareRoute({
  method: "PUT",
  path: "/os-quota-sets/{project}",
  policy: "os_compute_api:os-quota-sets:update",
  query: queries,
  body: byVersion(updateQuotaSetBodies),
  replies,
});
const remove = declareRoute({
  method: "DELETE",
  path: "/os-quota-sets/{project}",
  policy: "os_compute_api:os-quota-sets:delete",
  query: queries,
  replies: { 202: null },
});

/** What projects may have. */
export class QuotaSetsController {
  constructor(
    private readonly database: Database,
    private readonly defaultLimits: QuotaLimits,
  ) {}

  @route(show)
  async show({ params, policy, version }: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const projectId = params.project;
    policy.authorize("os_compute_api:os-quota-sets:show", { projectId });
    const limits = await limitsOfProject(this.database, this.defaultLimits, projectId);
    return { status: 200, body: { quota_set: quotaSetView(projectId, limits, version.minor) } };
  }

  @route(defaults)
  async defaults({ params, version }: RouteRequest<typeof defaults>): Promise<Reply<typeof defaults>> {
    return { status: 200, body: { quota_set: quotaSetView(params.project, this.defaultLimits, version.minor) } };
  }

  @route(detail)
  async detail({ params, policy, version }: RouteRequest<typeof detail>): Promise<Reply<typeof detail>> {
    const projectId = params.project;
    policy.authorize("os_compute_api:os-quota-sets:detail", { projectId });
    const [limits, usage] = await Promise.all([
      limitsOfProject(this.database, this.defaultLimits, projectId),
      usageOfProject(this.database, projectId),
    ]);
    return { status: 200, body: { quota_set: quotaSetDetailView(projectId, limits, usage, version.minor) } };
  }

  @route(update)
  async update({ params, body, version }: RouteRequest<typeof update>): Promise<Reply<typeof update>> {
    const projectId = params.project;
    const { force, ...asked } = body.quota_set;
    const wanted = Object.entries(asked).map(([resource, limit]) => [resource, Number(limit)] as const);
    for (const [resource, limit] of wanted) checkLimit(resource, limit);
    if (!isTrue(force)) {
      const usage: QuotaUsage = await usageOfProject(this.database, projectId);
      for (const [resource, limit] of wanted) checkUsed(resource, limit, usage[resource as keyof QuotaUsage] ?? 0);
    }
    await setQuotas(this.database, projectId, Object.fromEntries(wanted));
    const limits = await limitsOfProject(this.database, this.defaultLimits, projectId);
    return { status: 200, body: { quota_set: quotaSetView(undefined, limits, version.minor) } };
  }

  @route(remove)
  async remove({ params }: RouteRequest<typeof remove>): Promise<Reply<typeof remove>> {
    await deleteQuotas(this.database, params.project);
    return { status: 202 };
  }
}

function checkLimit(resource: string, limit: number): void {
  if (limit < -1) throw new ApiFault(400, `Quota limit ${limit} for ${resource} must be -1 or greater.`);
  if (limit > MAX_INTEGER) {
    throw new ApiFault(400, `Quota limit ${limit} for ${resource} must be less than or equal to ${MAX_INTEGER}.`);
  }
}

/** Without force no limit may be below what is in use. */
function checkUsed(resource: string, limit: number, used: number): void {
  if (limit < 0 || limit >= used) return;
  throw new ApiFault(
    400,
    `Quota limit ${limit} for ${resource} must be greater than or equal to already used and reserved ${used}.`,
  );
}
