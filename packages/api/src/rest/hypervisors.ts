import { listComputeNodes, serversOfHost } from "@kilonova/compute-store";
import type { ComputeNode } from "@kilonova/contracts";
import type { Database } from "@kilonova/database";
import {
  type ApiFault,
  byVersion,
  declareRoute,
  fault,
  isApiFault,
  type Reply,
  type RouteRequest,
  route,
} from "@kilonova/http";
import { z } from "zod";
import type { ComputeServices } from "../hosts/compute-services.js";
import { isTrue, uuid } from "../schemas/parameter-types.js";
import { links, loose } from "../schemas/replies.js";
import {
  briefHypervisorView,
  type HypervisorRecord,
  hypervisorId,
  hypervisorStatisticsView,
  hypervisorView,
  uptimeText,
} from "../views/hypervisors.js";
import { nextLinks, pageLimit, pageQuery } from "./paging.js";

const withServers = { with_servers: z.string().optional() };
const listQueries = byVersion({
  "2.1": z.object({}),
  "2.33": z.object(pageQuery),
  "2.53": z.strictObject({ ...pageQuery, ...withServers, hypervisor_hostname_pattern: z.string().min(1).optional() }),
});
const listReply = { 200: z.object({ hypervisors: z.array(loose), hypervisors_links: links.optional() }) };
const oneReply = { 200: z.object({ hypervisor: loose }) };

const list = declareRoute({
  method: "GET",
  path: "/os-hypervisors",
  policy: "os_compute_api:os-hypervisors:list",
  query: listQueries,
  replies: listReply,
});
const detail = declareRoute({
  method: "GET",
  path: "/os-hypervisors/detail",
  policy: "os_compute_api:os-hypervisors:list-detail",
  query: listQueries,
  replies: listReply,
});
const statistics = declareRoute({
  method: "GET",
  path: "/os-hypervisors/statistics",
  versions: { to: "2.87" },
  policy: "os_compute_api:os-hypervisors:statistics",
  replies: { 200: z.object({ hypervisor_statistics: loose }) },
});
const show = declareRoute({
  method: "GET",
  path: "/os-hypervisors/{hypervisor}",
  policy: "os_compute_api:os-hypervisors:show",
  query: byVersion({ "2.1": z.object({}), "2.53": z.strictObject(withServers) }),
  replies: oneReply,
});
const uptime = declareRoute({
  method: "GET",
  path: "/os-hypervisors/{hypervisor}/uptime",
  versions: { to: "2.87" },
  policy: "os_compute_api:os-hypervisors:uptime",
  replies: oneReply,
  errors: [501],
});
const search = declareRoute({
  method: "GET",
  path: "/os-hypervisors/{hypervisor}/search",
  versions: { to: "2.52" },
  policy: "os_compute_api:os-hypervisors:search",
  replies: listReply,
});
const servers = declareRoute({
  method: "GET",
  path: "/os-hypervisors/{hypervisor}/servers",
  versions: { to: "2.52" },
  policy: "os_compute_api:os-hypervisors:servers",
  replies: listReply,
});

type ListRequest = Pick<RouteRequest<typeof list>, "query" | "version" | "links" | "queryText">;

interface ListQuery {
  readonly limit?: number | undefined;
  readonly marker?: string | undefined;
  readonly with_servers?: string | undefined;
  readonly hypervisor_hostname_pattern?: string | undefined;
}

type View = (record: HypervisorRecord, minor: number) => Record<string, unknown>;

/** The hypervisors of the cloud. */
export class HypervisorsController {
  constructor(
    private readonly database: Database,
    private readonly services: ComputeServices,
    private readonly maxLimit: number,
  ) {}

  @route(list)
  async list(request: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    return await this.#list(request, "/os-hypervisors", briefHypervisorView);
  }

  @route(detail)
  async detail(request: RouteRequest<typeof detail>): Promise<Reply<typeof detail>> {
    return await this.#list(request, "/os-hypervisors/detail", hypervisorView);
  }

  @route(statistics)
  async statistics(_request: RouteRequest<typeof statistics>): Promise<Reply<typeof statistics>> {
    return { status: 200, body: { hypervisor_statistics: hypervisorStatisticsView(await this.#all()) } };
  }

  @route(show)
  async show({ params, query, version }: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const { with_servers }: ListQuery = query;
    const found = await this.#find(params.hypervisor, version.minor);
    if (isApiFault(found)) return found;
    const view = hypervisorView(found, version.minor);
    const hosted = isTrue(with_servers) ? await this.#serversOf(found, version.minor) : undefined;
    return { status: 200, body: { hypervisor: { ...view, ...hosted } } };
  }

  @route(uptime)
  async uptime({ params, version }: RouteRequest<typeof uptime>): Promise<Reply<typeof uptime>> {
    const found = await this.#find(params.hypervisor, version.minor);
    if (isApiFault(found)) return found;
    const text = uptimeText(found.node);
    if (text === null) return fault(501, "The requested functionality is not supported.");
    return { status: 200, body: { hypervisor: { ...briefHypervisorView(found, version.minor), uptime: text } } };
  }

  @route(search)
  async search({ params, version }: RouteRequest<typeof search>): Promise<Reply<typeof search>> {
    const found = await this.#matching(params.hypervisor);
    if (isApiFault(found)) return found;
    return { status: 200, body: { hypervisors: found.map((record) => briefHypervisorView(record, version.minor)) } };
  }

  @route(servers)
  async servers({ params, version: { minor } }: RouteRequest<typeof servers>): Promise<Reply<typeof servers>> {
    const found = await this.#matching(params.hypervisor);
    if (isApiFault(found)) return found;
    const hypervisors = await Promise.all(
      found.map(async (record) => ({
        ...briefHypervisorView(record, minor),
        ...(await this.#serversOf(record, minor)),
      })),
    );
    return { status: 200, body: { hypervisors } };
  }

  async #list(request: ListRequest, path: string, view: View): Promise<Reply<typeof list>> {
    const query: ListQuery = request.query;
    const { minor } = request.version;
    const { hypervisor_hostname_pattern: pattern, marker } = query;
    if (pattern !== undefined && (query.limit !== undefined || marker !== undefined)) {
      return fault(
        400,
        "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported.",
      );
    }
    const matching = pattern === undefined ? await this.#all() : await this.#matching(pattern);
    if (isApiFault(matching)) return matching;
    const marked =
      marker === undefined ? -1 : matching.findIndex(({ node }) => String(hypervisorId(node, minor)) === marker);
    if (marker !== undefined && marked < 0) return fault(400, `marker [${marker}] not found`);
    const limit = minor < 33 ? matching.length + 1 : pageLimit(query.limit, this.maxLimit);
    const page = matching.slice(marked + 1, marked + 1 + limit);
    const hypervisors = await Promise.all(
      page.map(async (record) => ({
        ...view(record, minor),
        ...(isTrue(query.with_servers) ? await this.#serversOf(record, minor) : undefined),
      })),
    );
    const last = page.at(-1);
    const next = nextLinks(request.links, path, request.queryText, {
      size: page.length,
      limit,
      last: last && String(hypervisorId(last.node, minor)),
    });
    return { status: 200, body: { hypervisors, ...(next ? { hypervisors_links: next } : {}) } };
  }

  async #all(): Promise<readonly HypervisorRecord[]> {
    const [nodes, services] = await Promise.all([listComputeNodes(this.database), this.services.computesByHost()]);
    return nodes.map((node) => record(node, services.get(node.host)));
  }

  async #find(id: string, minor: number): Promise<HypervisorRecord | ApiFault> {
    if (minor >= 53 && !uuid.safeParse(id).success) return fault(400, `Invalid uuid ${id}`);
    const found = (await this.#all()).find(({ node }) => String(hypervisorId(node, minor)) === id);
    return found ?? fault(404, `Hypervisor with ID '${id}' could not be found.`);
  }

  async #matching(pattern: string): Promise<readonly HypervisorRecord[] | ApiFault> {
    const found = (await this.#all()).filter(({ node }) => node.hypervisorHostname.includes(pattern));
    return found.length > 0 ? found : fault(404, `No hypervisor matching '${pattern}' could be found.`);
  }

  /** Up to 2.74 a hypervisor without servers said nothing of them. */
  async #serversOf({ node }: HypervisorRecord, minor: number) {
    const hosted = (await serversOfHost(this.database, node.host)).map(({ id, name }) => ({ name, uuid: id }));
    return hosted.length === 0 && minor < 75 ? undefined : { servers: hosted };
  }
}

function record(
  node: ComputeNode,
  state: { service: HypervisorRecord["service"]; up: boolean } | undefined,
): HypervisorRecord {
  return { node, service: state?.service, up: state?.up ?? false };
}
