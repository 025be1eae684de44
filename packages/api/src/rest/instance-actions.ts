import { eventsOfOperation, operationOfRequest, operationsOfServer } from "@kilonova/compute-store";
import { byVersion, declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { links, loose } from "../schemas/replies.js";
import { actionEventView, instanceActionView } from "../views/instance-actions.js";
import { instantOf } from "./instants.js";
import { nextLinks, pageLimit, pageQuery } from "./paging.js";
import type { ServerLookup } from "./server-lookup.js";

const since = { ...pageQuery, "changes-since": z.string().optional() };
const between = { ...since, "changes-before": z.string().optional() };

const list = declareRoute({
  method: "GET",
  path: "/servers/{server_id}/os-instance-actions",
  policy: "os_compute_api:os-instance-actions:list",
  query: byVersion({
    "2.1": z.object({}),
    "2.58": z.strictObject(since),
    "2.66": z.strictObject(between),
  }),
  replies: { 200: z.object({ instanceActions: z.array(loose), links: links.optional() }) },
});

const show = declareRoute({
  method: "GET",
  path: "/servers/{server_id}/os-instance-actions/{request_id}",
  policy: "os_compute_api:os-instance-actions:show",
  policies: ["os_compute_api:os-instance-actions:events", "os_compute_api:os-instance-actions:events:details"],
  replies: { 200: z.object({ instanceAction: loose }) },
});

interface ListQuery {
  readonly limit?: number | undefined;
  readonly marker?: string | undefined;
  readonly "changes-since"?: string | undefined;
  readonly "changes-before"?: string | undefined;
}

/** What was done to servers, step by step. */
export class InstanceActionsController {
  constructor(
    private readonly servers: ServerLookup,
    private readonly maxLimit: number,
  ) {}

  @route(list)
  async list(request: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const { version, params } = request;
    const query: ListQuery = request.query;
    const since = instantOf(query["changes-since"], "changes-since");
    const before = instantOf(query["changes-before"], "changes-before");
    if (since !== undefined && before !== undefined && before < since) {
      return fault(400, "The value of changes-since must be less than or equal to changes-before.");
    }
    const server = await this.servers.find(request, params.server_id, list.policy, deletedAt(version.minor));
    const all = await operationsOfServer(this.servers.database, server.id);
    const changed = all.filter(
      ({ updatedAt }) => (since === undefined || updatedAt >= since) && (before === undefined || updatedAt <= before),
    );
    const marked = query.marker === undefined ? -1 : changed.findIndex(({ requestId }) => requestId === query.marker);
    if (query.marker !== undefined && marked < 0) return fault(400, `Marker ${query.marker} could not be found.`);
    const limit = version.minor < 58 ? changed.length + 1 : pageLimit(query.limit, this.maxLimit);
    const page = changed.slice(marked + 1, marked + 1 + limit);
    const next = nextLinks(request.links, `/servers/${server.id}/os-instance-actions`, request.queryText, {
      size: page.length,
      limit,
      last: page.at(-1)?.requestId,
    });
    const instanceActions = page.map((operation) => instanceActionView(operation, version.minor));
    return { status: 200, body: { instanceActions, ...(next ? { links: next } : {}) } };
  }

  @route(show)
  async show(request: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const { version, params, policy } = request;
    const server = await this.servers.find(request, params.server_id, show.policy, deletedAt(version.minor));
    const operation = await operationOfRequest(this.servers.database, server.id, params.request_id);
    if (!operation) return fault(404, `Action ${params.request_id} not found`);
    const target = { projectId: server.projectId };
    const everything = policy.allows("os_compute_api:os-instance-actions:events", target);
    const details = policy.allows("os_compute_api:os-instance-actions:events:details", target);
    const view = instanceActionView(operation, version.minor);
    // Up to 2.50 users saw no events at all.
    if (!everything && version.minor < 51) return { status: 200, body: { instanceAction: view } };
    const look = { minor: version.minor, projectId: server.projectId, everything, details };
    const events = (await eventsOfOperation(this.servers.database, operation.id)).map((event) =>
      actionEventView(event, look),
    );
    return { status: 200, body: { instanceAction: { ...view, events } } };
  }
}

/** From 2.21 on the actions of deleted servers are told of too. */
function deletedAt(minor: number): "no" | "yes" {
  return minor >= 21 ? "yes" : "no";
}
