import { declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import type { RequestContext } from "@kilonova/messaging";
import type { Images } from "../images.js";
import type { ImageRow } from "../tables.js";
import { imageParams } from "./attributes.js";
import { notFound } from "./images.js";

const deactivateImage = declareRoute({
  method: "POST",
  path: "/images/{image_id}/actions/deactivate",
  policy: "deactivate",
  params: imageParams,
  replies: { 204: null },
});
const reactivateImage = declareRoute({
  method: "POST",
  path: "/images/{image_id}/actions/reactivate",
  policy: "reactivate",
  params: imageParams,
  replies: { 204: null },
});

/** Takes images out of use, and back into it. */
export class ImageActionsController {
  constructor(private readonly images: Images) {}

  @route(deactivateImage)
  async deactivate({ context, params }: RouteRequest<typeof deactivateImage>): Promise<Reply<typeof deactivateImage>> {
    const after = await this.#switch(context, params.image_id, "deactivated");
    return after ? { status: 204 } : notFound(params.image_id);
  }

  @route(reactivateImage)
  async reactivate({ context, params }: RouteRequest<typeof reactivateImage>): Promise<Reply<typeof reactivateImage>> {
    const after = await this.#switch(context, params.image_id, "active");
    return after ? { status: 204 } : notFound(params.image_id);
  }

  async #switch(context: RequestContext, id: string, status: "active" | "deactivated"): Promise<ImageRow | undefined> {
    return await this.images.update(context, id, (before) => {
      if (before.status === "active" || before.status === "deactivated") return { status };
      throw fault(403, `An image in status '${before.status}' cannot become '${status}'.`);
    });
  }
}
