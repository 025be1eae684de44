import { declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";

const list = declareRoute({
  method: "GET",
  path: "/extensions",
  policy: "get_extension",
  replies: { 200: z.object({ extensions: z.array(z.object({ alias: z.string() })) }) },
});

const show = declareRoute({
  method: "GET",
  path: "/extensions/{alias}",
  policy: "get_extension",
  replies: { 200: z.object({ extension: z.object({ alias: z.string() }) }) },
  errors: [404],
});

/** `/v2.0/extensions`: clients ask what there is beyond the core; there is nothing. */
export class ExtensionsController {
  @route(list)
  async list(_request: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    return { status: 200, body: { extensions: [] } };
  }

  @route(show)
  async show({ params }: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    return fault(404, `Extension with alias ${params.alias} does not exist.`, { code: "ExtensionNotFound" });
  }
}
