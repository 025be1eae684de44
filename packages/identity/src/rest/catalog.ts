import type { Database } from "@kilonova/database";
import { declareRoute, fault, type Links, type Reply, type RouteRequest, route } from "@kilonova/http";
import { and, asc, eq, type SQL } from "drizzle-orm";
import { z } from "zod";
import { endpoints, regions, services } from "../tables.js";
import { linksOfList, listView } from "./views.js";

const self = z.object({ self: z.string() });
const serviceView = z.object({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  description: z.string(),
  enabled: z.boolean(),
  links: self,
});
const endpointView = z.object({
  id: z.string(),
  service_id: z.string(),
  region: z.string(),
  region_id: z.string(),
  interface: z.string(),
  url: z.string(),
  enabled: z.boolean(),
  links: self,
});
const regionView = z.object({ id: z.string(), description: z.string(), parent_region_id: z.null(), links: self });

const listServices = declareRoute({
  method: "GET",
  path: "/services",
  policy: "identity:list_services",
  query: z.object({ type: z.string().optional(), name: z.string().optional() }),
  replies: { 200: listView("services", serviceView) },
});
const showService = declareRoute({
  method: "GET",
  path: "/services/{service_id}",
  policy: "identity:get_service",
  replies: { 200: z.object({ service: serviceView }) },
});
const listEndpoints = declareRoute({
  method: "GET",
  path: "/endpoints",
  policy: "identity:list_endpoints",
  query: z.object({
    interface: z.string().optional(),
    service_id: z.string().optional(),
    region_id: z.string().optional(),
  }),
  replies: { 200: listView("endpoints", endpointView) },
});
const showEndpoint = declareRoute({
  method: "GET",
  path: "/endpoints/{endpoint_id}",
  policy: "identity:get_endpoint",
  replies: { 200: z.object({ endpoint: endpointView }) },
});
const listRegions = declareRoute({
  method: "GET",
  path: "/regions",
  policy: "identity:list_regions",
  replies: { 200: listView("regions", regionView) },
});
const showRegion = declareRoute({
  method: "GET",
  path: "/regions/{region_id}",
  policy: "identity:get_region",
  replies: { 200: z.object({ region: regionView }) },
});

/** Services, endpoints and regions, to be read: what deployment says of itself. */
export class CatalogController {
  constructor(private readonly database: Database) {}

  @route(listServices)
  async services({ query, links }: RouteRequest<typeof listServices>): Promise<Reply<typeof listServices>> {
    const conditions: SQL[] = [];
    if (query.type !== undefined) conditions.push(eq(services.type, query.type));
    if (query.name !== undefined) conditions.push(eq(services.name, query.name));
    const found = await this.database
      .select()
      .from(services)
      .where(and(...conditions))
      .orderBy(asc(services.type));
    const shown = found.map((service) => viewService(service, links));
    return { status: 200, body: { services: shown, links: linksOfList(links, "/services") } };
  }

  @route(showService)
  async service({ params, links }: RouteRequest<typeof showService>): Promise<Reply<typeof showService>> {
    const [found] = await this.database.select().from(services).where(eq(services.id, params.service_id));
    if (!found) return fault(404, `Could not find service: ${params.service_id}.`);
    return { status: 200, body: { service: viewService(found, links) } };
  }

  @route(listEndpoints)
  async endpoints({ query, links }: RouteRequest<typeof listEndpoints>): Promise<Reply<typeof listEndpoints>> {
    const conditions: SQL[] = [];
    if (query.service_id !== undefined) conditions.push(eq(endpoints.serviceId, query.service_id));
    if (query.region_id !== undefined) conditions.push(eq(endpoints.regionId, query.region_id));
    const found = await this.database
      .select()
      .from(endpoints)
      .where(and(...conditions))
      .orderBy(asc(endpoints.url), asc(endpoints.interface));
    const wanted = found.filter((one) => query.interface === undefined || one.interface === query.interface);
    const shown = wanted.map((endpoint) => viewEndpoint(endpoint, links));
    return { status: 200, body: { endpoints: shown, links: linksOfList(links, "/endpoints") } };
  }

  @route(showEndpoint)
  async endpoint({ params, links }: RouteRequest<typeof showEndpoint>): Promise<Reply<typeof showEndpoint>> {
    const [found] = await this.database.select().from(endpoints).where(eq(endpoints.id, params.endpoint_id));
    if (!found) return fault(404, `Could not find endpoint: ${params.endpoint_id}.`);
    return { status: 200, body: { endpoint: viewEndpoint(found, links) } };
  }

  @route(listRegions)
  async regions({ links }: RouteRequest<typeof listRegions>): Promise<Reply<typeof listRegions>> {
    const found = await this.database.select().from(regions).orderBy(asc(regions.id));
    const shown = found.map((region) => viewRegion(region, links));
    return { status: 200, body: { regions: shown, links: linksOfList(links, "/regions") } };
  }

  @route(showRegion)
  async region({ params, links }: RouteRequest<typeof showRegion>): Promise<Reply<typeof showRegion>> {
    const [found] = await this.database.select().from(regions).where(eq(regions.id, params.region_id));
    if (!found) return fault(404, `Could not find region: ${params.region_id}.`);
    return { status: 200, body: { region: viewRegion(found, links) } };
  }
}

function viewService(service: typeof services.$inferSelect, links: Links): z.output<typeof serviceView> {
  return { ...service, links: { self: links.to(`/services/${service.id}`) } };
}

function viewEndpoint(endpoint: typeof endpoints.$inferSelect, links: Links): z.output<typeof endpointView> {
  const { id, serviceId, regionId, url, enabled } = endpoint;
  return {
    id,
    service_id: serviceId,
    region: regionId,
    region_id: regionId,
    interface: endpoint.interface,
    url,
    enabled,
    links: { self: links.to(`/endpoints/${id}`) },
  };
}

function viewRegion(region: typeof regions.$inferSelect, links: Links): z.output<typeof regionView> {
  return { ...region, parent_region_id: null, links: { self: links.to(`/regions/${region.id}`) } };
}
