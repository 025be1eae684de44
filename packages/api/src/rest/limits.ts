import type { Database } from "@kilonova/database";
import { byVersion, declareRoute, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { limitsOfProject } from "../quotas/limits-of-project.js";
import type { QuotaLimits } from "../quotas/quota-resources.js";
import { usageOfProject } from "../quotas/usage-of-project.js";
import { loose } from "../schemas/replies.js";
import { limitsView } from "../views/limits.js";

const query = { tenant_id: z.string().min(1).max(255).optional(), reserved: z.string().optional() };

const show = declareRoute({
  method: "GET",
  path: "/limits",
  policy: "os_compute_api:limits",
  policies: ["os_compute_api:limits:other_project"],
  query: byVersion({ "2.1": z.object(query), "2.75": z.strictObject(query) }),
  replies: {
    200: z.object({ limits: z.object({ rate: z.array(loose), absolute: z.record(z.string(), z.number()) }) }),
  },
});

/** What a project may have and has, for its users. */
export class LimitsController {
  constructor(
    private readonly database: Database,
    private readonly defaults: QuotaLimits,
  ) {}

  @route(show)
  async show({ context, query: asked, policy, version }: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const own = context.projectId ?? "";
    const projectId = asked.tenant_id ?? own;
    if (projectId !== own) policy.authorize("os_compute_api:limits:other_project", { projectId });
    const [limits, usage] = await Promise.all([
      limitsOfProject(this.database, this.defaults, projectId),
      usageOfProject(this.database, projectId),
    ]);
    return { status: 200, body: limitsView(limits, usage, version.minor) };
  }
}
