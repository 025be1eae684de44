import { randomUUID } from "node:crypto";
import type { Database } from "@kilonova/database";
import { type ApiFault, declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { and } from "drizzle-orm";
import { z } from "zod";
import type { DiscardedData } from "../discarded-data.js";
import type { Images } from "../images.js";
import { images } from "../tables.js";
import {
  attributes,
  checkWritable,
  type ImageDraft,
  imageId,
  imageParams,
  isAttribute,
  propertiesOf,
  storableText,
} from "./attributes.js";
import { columnsOf, draftOf, emptyDraft } from "./drafts.js";
import { conditionOf } from "./image-filters.js";
import { ImageOrder } from "./image-order.js";
import { imagePatch, patched } from "./image-patch.js";
import { authorizeVisibility } from "./policies.js";
import { imageView, viewImage } from "./views.js";

const DEFAULT_LIMIT = 25;
const HIGHEST_LIMIT = 1_000;

const listImages = declareRoute({
  method: "GET",
  path: "/images",
  policy: "get_images",
  query: z.looseObject({
    limit: z.int().min(0).optional(),
    marker: storableText.optional(),
    sort: z.string().optional(),
    sort_key: z.array(z.string()).optional(),
    sort_dir: z.array(z.string()).optional(),
  }),
  replies: {
    200: z.object({
      images: z.array(imageView),
      first: z.string(),
      next: z.string().optional(),
      schema: z.literal("/v2/schemas/images"),
    }),
  },
});
const createImage = declareRoute({
  method: "POST",
  path: "/images",
  policy: "authenticated",
  policies: ["add_image", "publicize_image", "communitize_image"],
  body: z.looseObject({ id: imageId.optional(), ...z.object(attributes).partial().shape }),
  replies: { 201: imageView },
  errors: [409],
});
const showImage = declareRoute({
  method: "GET",
  path: "/images/{image_id}",
  policy: "get_image",
  params: imageParams,
  replies: { 200: imageView },
});
const updateImage = declareRoute({
  method: "PATCH",
  path: "/images/{image_id}",
  policy: "authenticated",
  policies: ["modify_image", "publicize_image", "communitize_image"],
  params: imageParams,
  mediaTypes: ["application/openstack-images-v2.1-json-patch"],
  body: imagePatch,
  replies: { 200: imageView },
  errors: [409],
});
const deleteImage = declareRoute({
  method: "DELETE",
  path: "/images/{image_id}",
  policy: "authenticated",
  policies: ["delete_image"],
  params: imageParams,
  replies: { 204: null },
});

/** The records of images. */
export class ImagesController {
  constructor(
    private readonly database: Database,
    private readonly images: Images,
    private readonly discarded: DiscardedData,
  ) {}

  @route(listImages)
  async list({ context, query, queryText }: RouteRequest<typeof listImages>): Promise<Reply<typeof listImages>> {
    const order = new ImageOrder(query);
    const { marker } = query;
    if (marker !== undefined && !(await this.images.find(context, marker))) {
      return fault(400, "The marker is the id of no image.");
    }
    const limit = Math.min(query.limit ?? DEFAULT_LIMIT, HIGHEST_LIMIT);
    const rows = await this.database
      .select()
      .from(images)
      .where(and(conditionOf(context, query), marker === undefined ? undefined : order.after(marker)))
      .orderBy(...order.clauses)
      .limit(limit + 1);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      status: 200,
      body: {
        images: page.map(viewImage),
        first: pageLink(queryText),
        ...(last && rows.length > limit ? { next: pageLink(queryText, last.id) } : {}),
        schema: "/v2/schemas/images",
      },
    };
  }

  @route(createImage)
  async create({ context, body, policy }: RouteRequest<typeof createImage>): Promise<Reply<typeof createImage>> {
    const { id = randomUUID(), ...values } = body;
    const owner = body.owner ?? context.projectId;
    if (owner === undefined) return fault(403, "An image belongs to a project; the token is for none.");
    policy.authorize("add_image", { projectId: owner });
    const draft: ImageDraft = { ...emptyDraft(owner), ...givenAttributes(values), properties: givenProperties(values) };
    authorizeVisibility(policy, draft.visibility, owner);
    const made = await this.images.create(id, columnsOf(draft));
    if (!made) return fault(409, `Image ID ${id} already exists!`);
    return { status: 201, headers: { Location: `/v2/images/${id}` }, body: viewImage(made) };
  }

  @route(showImage)
  async show({ context, params }: RouteRequest<typeof showImage>): Promise<Reply<typeof showImage>> {
    const found = await this.images.find(context, params.image_id);
    return found ? { status: 200, body: viewImage(found) } : notFound(params.image_id);
  }

  @route(updateImage)
  async update({
    context,
    params,
    body,
    policy,
  }: RouteRequest<typeof updateImage>): Promise<Reply<typeof updateImage>> {
    const after = await this.images.update(context, params.image_id, (row) => {
      policy.authorize("modify_image", { projectId: row.ownerId });
      const before = draftOf(row);
      const draft = patched(before, body);
      if (draft.owner !== before.owner) policy.authorize("modify_image", { projectId: draft.owner });
      if (draft.visibility !== before.visibility) authorizeVisibility(policy, draft.visibility, draft.owner);
      for (const name of ["disk_format", "container_format"] as const) {
        if (row.status === "queued" || draft[name] === before[name]) continue;
        throw fault(403, `Attribute '${name}' can be only replaced for a queued image.`);
      }
      return columnsOf(draft);
    });
    return after ? { status: 200, body: viewImage(after) } : notFound(params.image_id);
  }

  @route(deleteImage)
  async delete({ context, params, policy }: RouteRequest<typeof deleteImage>): Promise<Reply<typeof deleteImage>> {
    const gone = await this.images.delete(context, params.image_id, ({ id, ownerId, isProtected }) => {
      policy.authorize("delete_image", { projectId: ownerId });
      if (isProtected) throw fault(403, `Image ${id} is protected and cannot be deleted.`);
    });
    if (!gone) return notFound(params.image_id);
    await this.discarded.removeDue();
    return { status: 204 };
  }
}

export function notFound(id: string): ApiFault {
  return fault(404, `No image found with ID ${id}`);
}

function givenAttributes(values: Readonly<Record<string, unknown>>): Partial<ImageDraft> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => isAttribute(name))) as Partial<ImageDraft>;
}

function givenProperties(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const others = Object.entries(values).filter(([name]) => !isAttribute(name));
  for (const [name] of others) checkWritable(name);
  return propertiesOf(others);
}

/** Relative, as the Image API has it: below the endpoint without its version. */
function pageLink(queryText: string, marker?: string): string {
  const query = new URLSearchParams(queryText);
  query.delete("marker");
  if (marker !== undefined) query.set("marker", marker);
  const text = query.toString();
  return text === "" ? "/v2/images" : `/v2/images?${text}`;
}
