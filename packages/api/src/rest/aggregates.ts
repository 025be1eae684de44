import { declareRoute, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { loose } from "../schemas/replies.js";

const list = declareRoute({
  method: "GET",
  path: "/os-aggregates",
  policy: "os_compute_api:os-aggregates:index",
  replies: { 200: z.object({ aggregates: z.array(loose) }) },
});

/**
 * Host aggregates: nobody can make one here, so there are none. Told because clients that show a hypervisor ask for
 * them and give up where the question itself is unknown.
 */
export class AggregatesController {
  @route(list)
  async list(_request: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    return { status: 200, body: { aggregates: [] } };
  }
}
