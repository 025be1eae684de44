import type { ServerRecord } from "@kilonova/compute-store";
import { type ApiFault, declareRoute, fault, isApiFault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { limitsOfProject } from "../quotas/limits-of-project.js";
import type { QuotaLimits } from "../quotas/quota-resources.js";
import { metadataBody, metadataItemBody } from "../schemas/server-metadata.js";
import { changeMetadata } from "../servers/server-metadata.js";
import type { ServerLookup } from "./server-lookup.js";

const items = z.record(z.string(), z.string());
const whole = { 200: z.object({ metadata: items }) };
const one = { 200: z.object({ meta: items }) };
const collection = { path: "/servers/{server_id}/metadata" } as const;
const item = { path: "/servers/{server_id}/metadata/{key}" } as const;

const list = declareRoute({
  ...collection,
  method: "GET",
  policy: "os_compute_api:server-metadata:index",
  replies: whole,
});
const add = declareRoute({
  ...collection,
  method: "POST",
  policy: "os_compute_api:server-metadata:create",
  body: metadataBody,
  replies: whole,
  errors: [409],
});
const replace = declareRoute({
  ...collection,
  method: "PUT",
  policy: "os_compute_api:server-metadata:update_all",
  body: metadataBody,
  replies: whole,
  errors: [409],
});
const show = declareRoute({ ...item, method: "GET", policy: "os_compute_api:server-metadata:show", replies: one });
const update = declareRoute({
  ...item,
  method: "PUT",
  policy: "os_compute_api:server-metadata:update",
  body: metadataItemBody,
  replies: one,
  errors: [409],
});
const remove = declareRoute({
  ...item,
  method: "DELETE",
  policy: "os_compute_api:server-metadata:delete",
  replies: { 204: null },
  errors: [409],
});

type Metadata = Readonly<Record<string, string>>;

/** The metadata of servers. */
export class ServerMetadataController {
  constructor(
    private readonly servers: ServerLookup,
    private readonly defaults: QuotaLimits,
  ) {}

  @route(list)
  async list(request: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const { metadata } = await this.servers.find(request, request.params.server_id, list.policy);
    return { status: 200, body: { metadata: { ...metadata } } };
  }

  @route(add)
  async add(request: RouteRequest<typeof add>): Promise<Reply<typeof add>> {
    const server = await this.servers.find(request, request.params.server_id, add.policy);
    return answered(await this.#change(server, (there) => ({ ...there, ...request.body.metadata })));
  }

  @route(replace)
  async replace(request: RouteRequest<typeof replace>): Promise<Reply<typeof replace>> {
    const server = await this.servers.find(request, request.params.server_id, replace.policy);
    return answered(await this.#change(server, () => request.body.metadata));
  }

  @route(show)
  async show(request: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const { metadata } = await this.servers.find(request, request.params.server_id, show.policy);
    const { key } = request.params;
    const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
    return value === undefined ? noSuchItem() : { status: 200, body: { meta: { [key]: value } } };
  }

  @route(update)
  async update(request: RouteRequest<typeof update>): Promise<Reply<typeof update>> {
    const { key, server_id: id } = request.params;
    const server = await this.servers.find(request, id, update.policy);
    const { meta } = request.body;
    const keys = Object.keys(meta);
    if (keys.length !== 1) return fault(400, "Request body contains too many items");
    if (keys[0] !== key) return fault(400, "Request body and URI mismatch");
    const changed = await this.#change(server, (there) => ({ ...there, ...meta }));
    return isApiFault(changed) ? changed : { status: 200, body: { meta } };
  }

  @route(remove)
  async remove(request: RouteRequest<typeof remove>): Promise<Reply<typeof remove>> {
    const { key, server_id: id } = request.params;
    const server = await this.servers.find(request, id, remove.policy);
    const changed = await this.#change(server, ({ [key]: gone, ...others }) =>
      gone === undefined ? noSuchItem() : others,
    );
    return isApiFault(changed) ? changed : { status: 204 };
  }

  async #change(server: ServerRecord, change: (metadata: Metadata) => Metadata | ApiFault) {
    const { database } = this.servers;
    const { metadata_items: limit } = await limitsOfProject(database, this.defaults, server.projectId);
    return await changeMetadata(database, server, change, limit);
  }
}

function answered(changed: { readonly metadata: Metadata } | ApiFault) {
  return isApiFault(changed) ? changed : { status: 200 as const, body: { metadata: { ...changed.metadata } } };
}

function noSuchItem(): ApiFault {
  return fault(404, "Metadata item was not found");
}
