import { schedulerContract, schedulingDecisionSchema } from "@kilonova/contracts";
import { declareRoute, fault, isApiFault, type Reply, type RouteRequest, route } from "@kilonova/http";
import type { Rpc, RpcClient } from "@kilonova/messaging";
import { z } from "zod";
import { createServerBodies } from "../schemas/servers.js";
import type { ServerCreations } from "../servers/server-creations.js";
import type { ServerManager } from "../servers/server-manager.js";

const dryRun = declareRoute({
  method: "POST",
  path: "/kilonova/scheduler/dry-run",
  policy: "kilonova:scheduler:dry-run",
  policies: [
    "os_compute_api:servers:create:forced_host",
    "os_compute_api:servers:create:zero_disk_flavor",
    "compute:servers:create:requested_destination",
  ],
  body: createServerBodies["2.94"],
  replies: { 200: z.object({ decision: schedulingDecisionSchema }) },
  errors: [501],
});

/**
 * Where servers would go if they were asked for now, and why not elsewhere. The body is that of `POST /servers` at its
 * newest microversion, whatever the request's; nothing is written, nothing claimed, no quota counted.
 */
export class SchedulerDryRunController {
  readonly #scheduler: RpcClient<typeof schedulerContract>;

  constructor(
    private readonly creations: ServerCreations,
    private readonly manager: ServerManager,
    rpc: Rpc,
  ) {
    this.#scheduler = rpc.client(schedulerContract);
  }

  @route(dryRun)
  async dryRun(request: RouteRequest<typeof dryRun>): Promise<Reply<typeof dryRun>> {
    const { context } = request;
    const creation = await this.creations.read(request, request.body);
    if (isApiFault(creation)) return creation;
    const requestSpec = await this.manager.requestSpec(context, creation);
    if (isApiFault(requestSpec)) return requestSpec;
    const servers = creation.maxCount;
    const answer = await this.#scheduler.call.dryRun(context, { requestSpec, servers, ignoredHosts: [] });
    if (answer.ok) return { status: 200, body: { decision: answer.value } };
    return fault(501, `The scheduling strategy ${answer.details.strategy} does not say where servers would go.`);
  }
}
