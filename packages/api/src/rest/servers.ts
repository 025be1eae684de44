import { groupOfServer, listServers, type ServerRecord, updateServerAttributes } from "@kilonova/compute-store";
import {
  ApiFault,
  byVersion,
  declareRoute,
  fault,
  isApiFault,
  type Reply,
  type RouteRequest,
  route,
} from "@kilonova/http";
import { z } from "zod";
import type { AvailabilityZones } from "../hosts/availability-zones.js";
import { type ComputeServices, hostStatus } from "../hosts/compute-services.js";
import { isTrue } from "../schemas/parameter-types.js";
import { links, resource } from "../schemas/replies.js";
import { createServerBodies, updateServerBodies } from "../schemas/servers.js";
import { generateAdminPassword } from "../servers/generated-words.js";
import type { ServerCreations } from "../servers/server-creations.js";
import type { ServerManager } from "../servers/server-manager.js";
import {
  readServerFilter,
  readServerSort,
  type ServerAsker,
  type ServerQuery,
  serverQueries,
} from "../servers/server-query.js";
import type { CreateServerBody } from "../servers/server-request.js";
import { resourceLinks } from "../views/links.js";
import { ServerViews } from "../views/servers.js";
import { nextLinks, pageLimit } from "./paging.js";
import { noSuchServer, type ServerLookup } from "./server-lookup.js";

const listReply = { 200: z.object({ servers: z.array(resource), servers_links: links.optional() }) };
const oneReply = { 200: z.object({ server: resource }) };

const SHOWN = [
  "os_compute_api:os-extended-server-attributes",
  "os_compute_api:servers:show:host_status",
  "os_compute_api:servers:show:flavor-extra-specs",
] as const;

const list = declareRoute({
  method: "GET",
  path: "/servers",
  policy: "os_compute_api:servers:index",
  policies: ["os_compute_api:servers:index:get_all_tenants", "os_compute_api:servers:allow_all_filters"],
  query: byVersion(serverQueries),
  replies: listReply,
});

const detail = declareRoute({
  method: "GET",
  path: "/servers/detail",
  policy: "os_compute_api:servers:detail",
  policies: ["os_compute_api:servers:detail:get_all_tenants", "os_compute_api:servers:allow_all_filters", ...SHOWN],
  query: byVersion(serverQueries),
  replies: listReply,
});

const create = declareRoute({
  method: "POST",
  path: "/servers",
  policy: "os_compute_api:servers:create",
  policies: [
    "os_compute_api:servers:create:forced_host",
    "os_compute_api:servers:create:zero_disk_flavor",
    "compute:servers:create:requested_destination",
  ],
  body: byVersion(createServerBodies),
  replies: { 202: z.union([z.object({ server: resource }), z.object({ reservation_id: z.string() })]) },
  errors: [409],
});

const show = declareRoute({
  method: "GET",
  path: "/servers/{server_id}",
  policy: "os_compute_api:servers:show",
  policies: SHOWN,
  replies: oneReply,
});

const update = declareRoute({
  method: "PUT",
  path: "/servers/{server_id}",
  policy: "os_compute_api:servers:update",
  policies: SHOWN,
  body: byVersion(updateServerBodies),
  replies: oneReply,
});

const remove = declareRoute({
  method: "DELETE",
  path: "/servers/{server_id}",
  policy: "os_compute_api:servers:delete",
  replies: { 204: null },
  errors: [409],
});

type Asking = Pick<RouteRequest, "context" | "policy" | "version" | "links">;
type ListRequest = Asking & { readonly query: ServerQuery; readonly queryText: string };

/** Servers. */
export class ServersController {
  constructor(
    private readonly servers: ServerLookup,
    private readonly manager: ServerManager,
    private readonly creations: ServerCreations,
    private readonly services: ComputeServices,
    private readonly zones: AvailabilityZones,
    private readonly maxLimit: number,
  ) {}

  @route(list)
  async list(request: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const views = new ServerViews({
      ...briefLook(request),
      extendedAttributes: false,
      faultDetails: false,
      extraSpecs: false,
      zoneOf: () => "",
    });
    return await this.#page(request, "/servers", async (servers) => servers.map((server) => views.brief(server)));
  }

  @route(detail)
  async detail(request: RouteRequest<typeof detail>): Promise<Reply<typeof detail>> {
    return await this.#page(request, "/servers/detail", async (servers) => {
      const views = await this.#views(request, servers);
      return servers.map((server) => views.detail(server));
    });
  }

  @route(create)
  async create(request: RouteRequest<typeof create>): Promise<Reply<typeof create>> {
    const body: CreateServerBody = request.body;
    const creation = await this.creations.read(request, body);
    if (isApiFault(creation)) return creation;
    const created = await this.manager.create(request.context, creation);
    if (isApiFault(created)) return created;
    const [server] = created.servers;
    if (!server) throw new TypeError("a request for servers must make one");
    if (isTrue(body.server.return_reservation_id))
      return { status: 202, body: { reservation_id: server.reservationId } };
    const view = {
      id: server.id,
      links: resourceLinks(request.links, "servers", server.id),
      "OS-DCF:diskConfig": server.diskConfig,
      security_groups: [{ name: "default" }],
      adminPass: body.server.adminPass ?? generateAdminPassword(),
    };
    return { status: 202, headers: { Location: request.links.to(`/servers/${server.id}`) }, body: { server: view } };
  }

  @route(show)
  async show(request: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const server = await this.servers.find(request, request.params.server_id, show.policy);
    const [views, groups] = await Promise.all([this.#views(request, [server]), this.#groupsOf(request, server)]);
    return { status: 200, body: { server: views.full(server, groups) } };
  }

  @route(update)
  async update(request: RouteRequest<typeof update>): Promise<Reply<typeof update>> {
    const { id } = await this.servers.find(request, request.params.server_id, update.policy);
    const asked: z.output<(typeof updateServerBodies)["2.94"]>["server"] = request.body.server;
    const changed = await updateServerAttributes(this.servers.database, id, {
      ...(asked.name === undefined ? {} : { name: asked.name }),
      ...(asked.description === undefined ? {} : { description: asked.description }),
      ...(asked.hostname === undefined ? {} : { hostname: asked.hostname }),
      ...(asked.accessIPv4 === undefined ? {} : { accessIpV4: asked.accessIPv4 || null }),
      ...(asked.accessIPv6 === undefined ? {} : { accessIpV6: asked.accessIPv6 || null }),
      ...(asked["OS-DCF:diskConfig"] === undefined ? {} : { diskConfig: asked["OS-DCF:diskConfig"] }),
    });
    if (!changed) return noSuchServer(id);
    const [views, groups] = await Promise.all([this.#views(request, [changed]), this.#groupsOf(request, changed)]);
    return { status: 200, body: { server: views.updated(changed, groups) } };
  }

  @route(remove)
  async remove(request: RouteRequest<typeof remove>): Promise<Reply<typeof remove>> {
    const server = await this.servers.find(request, request.params.server_id, remove.policy);
    return (await this.manager.delete(request.context, { server })) ?? { status: 204 };
  }

  async #page(
    request: ListRequest,
    path: string,
    viewsOf: (servers: readonly ServerRecord[]) => Promise<z.output<typeof resource>[]>,
  ): Promise<Reply<typeof list>> {
    const { query, links: linkTo, queryText } = request;
    const asker = askerOf(request, path === "/servers" ? "index" : "detail");
    const filter = readServerFilter(query, asker);
    const sort = readServerSort(query, asker);
    const limit = pageLimit(query.limit, this.maxLimit);
    if (filter === "nothing" || limit === 0) return { status: 200, body: { servers: [] } };
    const { marker } = query;
    const found = await listServers(this.servers.database, filter, {
      limit,
      sort,
      ...(marker === undefined ? {} : { marker }),
    });
    if (!found.ok) {
      return found.refusal === "markerNotFound"
        ? fault(400, `marker [${marker}] not found`)
        : fault(400, `Invalid filter: ${found.details.reason}`);
    }
    const { value: servers } = found;
    const next = nextLinks(linkTo, path, queryText, { size: servers.length, limit, last: servers.at(-1)?.id });
    return { status: 200, body: { servers: await viewsOf(servers), ...(next ? { servers_links: next } : {}) } };
  }

  /** The ids of the groups that a server is in, one at most; shown from 2.71 on. */
  async #groupsOf({ version }: Asking, { id }: ServerRecord): Promise<readonly string[]> {
    const group = version.minor >= 71 ? await groupOfServer(this.servers.database, id) : undefined;
    return group === undefined ? [] : [group];
  }

  async #views(request: Asking, servers: readonly ServerRecord[]): Promise<ServerViews> {
    const { policy, context } = request;
    const hosts = new Set(servers.map(({ host }) => host).filter((host) => host !== null));
    const showsHostStatus = request.version.minor >= 16 && policy.allows("os_compute_api:servers:show:host_status");
    const [computes, zoneOf] = await Promise.all([
      showsHostStatus ? this.services.computesByHost() : undefined,
      this.zones.ofHosts([...hosts]),
    ]);
    return new ServerViews({
      ...briefLook(request),
      extendedAttributes: policy.allows("os_compute_api:os-extended-server-attributes"),
      extraSpecs: policy.allows("os_compute_api:servers:show:flavor-extra-specs"),
      faultDetails: context.isAdmin,
      zoneOf,
      hostStatus: computes && ((host) => (host === null ? "" : hostStatus(computes.get(host)))),
    });
  }
}

function briefLook({ version, links: linkTo }: Asking) {
  return { minor: version.minor, links: linkTo, hostStatus: undefined };
}

function askerOf({ context, policy, version }: Asking, kind: "index" | "detail"): ServerAsker {
  const { projectId } = context;
  if (projectId === undefined && !context.isAdmin) throw new ApiFault(403, "Servers belong to a project.");
  return {
    minor: version.minor,
    projectId: projectId ?? "",
    allProjects: policy.allows(`os_compute_api:servers:${kind}:get_all_tenants`),
    allFilters: policy.allows("os_compute_api:servers:allow_all_filters"),
  };
}
