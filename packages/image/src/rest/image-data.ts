import { Readable } from "node:stream";
import { type ApiFault, declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import type { RequestContext } from "@kilonova/messaging";
import type { ImageStore } from "@kilonova/plugin-api";
import type { ImageReceiver, Received } from "../image-receiver.js";
import type { Images } from "../images.js";
import type { ImageRow } from "../tables.js";
import { imageParams } from "./attributes.js";
import { rangeOf } from "./byte-range.js";
import { notFound } from "./images.js";

const uploadData = declareRoute({
  method: "PUT",
  path: "/images/{image_id}/file",
  policy: "authenticated",
  policies: ["upload_image"],
  params: imageParams,
  bodyStream: true,
  replies: { 204: null },
  errors: [409, 410],
});
const downloadData = declareRoute({
  method: "GET",
  path: "/images/{image_id}/file",
  policy: "download_image",
  params: imageParams,
  replies: { 200: "bytes", 204: null, 206: "bytes" },
  errors: [416],
});

/** The bytes of images. */
export class ImageDataController {
  constructor(
    private readonly images: Images,
    private readonly receiver: ImageReceiver,
    private readonly store: ImageStore,
    /** Bytes */
    private readonly limit: number,
  ) {}

  @route(uploadData)
  async upload(request: RouteRequest<typeof uploadData>): Promise<Reply<typeof uploadData>> {
    const { context, params, body, headers, policy } = request;
    const found = await this.images.find(context, params.image_id);
    if (!found) return notFound(params.image_id);
    policy.authorize("upload_image", { projectId: found.ownerId });
    if (found.diskFormat === null || found.containerFormat === null) {
      return fault(400, "Properties disk_format, container_format must be set prior to saving data.");
    }
    if (Number(headers["content-length"] ?? 0) > this.limit) return this.#refusal(found.id, "tooLong");
    // An empty body that says nothing of its type is none at all to the listener.
    const received = await this.receiver.receive(found.id, body ?? Readable.from([]));
    return received === "active" ? { status: 204 } : this.#refusal(found.id, received);
  }

  @route(downloadData)
  async download({ context, params, headers }: RouteRequest<typeof downloadData>): Promise<Reply<typeof downloadData>> {
    const found = await this.#downloadable(context, params.image_id);
    if (!found) return notFound(params.image_id);
    const { status, dataId, size, checksum } = found;
    if (status === "deactivated" && !context.isAdmin) {
      return fault(403, "The requested image has been deactivated. Image data download is forbidden.");
    }
    if (status === "queued" || status === "saving" || dataId === null || size === null) return { status: 204 };
    const range = rangeOf(headers, size);
    const body = await this.store.read(dataId, range);
    const common = { "Content-Type": "application/octet-stream", "Accept-Ranges": "bytes" };
    if (!range) {
      const md5: Record<string, string> = checksum === null ? {} : { "Content-MD5": checksum };
      return { status: 200, headers: { ...common, ...md5, "Content-Length": String(size) }, body };
    }
    const { start, end } = range;
    const part = { "Content-Length": String(end - start), "Content-Range": `bytes ${start}-${end - 1}/${size}` };
    return { status: 206, headers: { ...common, ...part }, body };
  }

  /** Who is nobody got in by a ticket for this image: whether it may be seen was asked when that was issued. */
  async #downloadable(context: RequestContext, id: string): Promise<ImageRow | undefined> {
    return await this.images.find(context.userId === undefined ? context.elevated() : context, id);
  }

  #refusal(id: string, received: Exclude<Received, "active">): ApiFault {
    // Who still has bytes to send need not send them all.
    const headers = { Connection: "close" };
    switch (received) {
      case "tooLong":
        return fault(413, `Image ${id} is too long: at most ${this.limit} bytes are kept.`, { headers });
      case "notQueued":
        return fault(409, `Image ${id} has data already, or is just getting it.`);
      case "brokenOff":
        return fault(400, `The upload of image ${id} broke off; the image has no data.`, { headers });
      case "gone":
        return fault(410, `Image ${id} was deleted, or given to another upload, meanwhile.`, { headers });
    }
  }
}
