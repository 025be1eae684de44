import { declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import type { Images } from "../images.js";
import { attributeOf, imageId, tag } from "./attributes.js";
import { notFound } from "./images.js";

const tagParams = z.object({ image_id: imageId, tag });

const addTag = declareRoute({
  method: "PUT",
  path: "/images/{image_id}/tags/{tag}",
  policy: "authenticated",
  policies: ["modify_image"],
  params: tagParams,
  replies: { 204: null },
});
const removeTag = declareRoute({
  method: "DELETE",
  path: "/images/{image_id}/tags/{tag}",
  policy: "authenticated",
  policies: ["modify_image"],
  params: tagParams,
  replies: { 204: null },
});

/** Single tags of images. */
export class ImageTagsController {
  constructor(private readonly images: Images) {}

  @route(addTag)
  async add({ context, params, policy }: RouteRequest<typeof addTag>): Promise<Reply<typeof addTag>> {
    const after = await this.images.update(context, params.image_id, ({ ownerId, tags }) => {
      policy.authorize("modify_image", { projectId: ownerId });
      return { tags: attributeOf("tags", [...new Set([...tags, params.tag])]) };
    });
    return after ? { status: 204 } : notFound(params.image_id);
  }

  @route(removeTag)
  async remove({ context, params, policy }: RouteRequest<typeof removeTag>): Promise<Reply<typeof removeTag>> {
    const after = await this.images.update(context, params.image_id, ({ ownerId, tags }) => {
      policy.authorize("modify_image", { projectId: ownerId });
      if (!tags.includes(params.tag)) throw fault(404, `The image has no tag ${params.tag}.`);
      return { tags: tags.filter((one) => one !== params.tag) };
    });
    return after ? { status: 204 } : notFound(params.image_id);
  }
}
