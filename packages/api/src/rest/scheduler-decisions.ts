import { decisionSummarySchema, findDecision, listDecisions, newestDecisionOf } from "@kilonova/compute-store";
import { schedulingDecisionSchema } from "@kilonova/contracts";
import type { Database } from "@kilonova/database";
import { declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { uuid } from "../schemas/parameter-types.js";
import { links } from "../schemas/replies.js";
import { instantOf } from "./instants.js";
import { nextLinks, pageLimit, pageQuery } from "./paging.js";

const PATH = "/kilonova/scheduler/decisions";
const policy = "kilonova:scheduler:decisions";
const oneReply = { 200: z.object({ decision: schedulingDecisionSchema }) };

const list = declareRoute({
  method: "GET",
  path: PATH,
  policy,
  query: z.strictObject({
    ...pageQuery,
    server_id: uuid.optional(),
    outcome: schedulingDecisionSchema.shape.outcome.optional(),
    project_id: z.string().min(1).max(64).optional(),
    since: z.string().max(40).optional(),
  }),
  replies: { 200: z.object({ decisions: z.array(decisionSummarySchema), decisions_links: links.optional() }) },
});

const show = declareRoute({ method: "GET", path: `${PATH}/{decision_id}`, policy, replies: oneReply });

const newest = declareRoute({
  method: "GET",
  path: "/kilonova/scheduler/servers/{server_id}/decision",
  policy,
  replies: oneReply,
});

/** What the schedulers decided, and why. Documents are as contracts have them. */
export class SchedulerDecisionsController {
  constructor(
    private readonly database: Database,
    private readonly maxLimit: number,
  ) {}

  @route(list)
  async list({ query, links, queryText }: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const { outcome, marker } = query;
    const limit = pageLimit(query.limit, this.maxLimit);
    const page = await listDecisions(this.database, {
      serverId: query.server_id,
      outcome,
      projectId: query.project_id,
      since: instantOf(query.since, "since"),
      limit,
      marker,
    });
    if (!page.ok) return fault(400, `marker [${page.details.marker}] not found`);
    const size = page.value.length;
    const next = nextLinks(links, PATH, queryText, { size, limit, last: page.value.at(-1)?.id });
    return { status: 200, body: { decisions: [...page.value], ...(next ? { decisions_links: next } : {}) } };
  }

  @route(show)
  async show({ params }: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const decision = await findDecision(this.database, params.decision_id);
    if (!decision) return fault(404, `Scheduling decision ${params.decision_id} could not be found.`);
    return { status: 200, body: { decision } };
  }

  @route(newest)
  async newest({ params }: RouteRequest<typeof newest>): Promise<Reply<typeof newest>> {
    const decision = await newestDecisionOf(this.database, params.server_id);
    if (decision) return { status: 200, body: { decision } };
    return fault(404, `No scheduling decision about server ${params.server_id} could be found.`);
  }
}
