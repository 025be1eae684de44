import type { Database } from "@kilonova/database";
import { declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { and, asc, eq, type SQL } from "drizzle-orm";
import { z } from "zod";
import { domains } from "../tables.js";
import { flag } from "./flag.js";
import { domainView, linksOfList, listView, viewDomain } from "./views.js";

const listDomains = declareRoute({
  method: "GET",
  path: "/domains",
  policy: "identity:list_domains",
  query: z.object({ name: z.string().optional(), enabled: z.string().optional() }),
  replies: { 200: listView("domains", domainView) },
});
const showDomain = declareRoute({
  method: "GET",
  path: "/domains/{domain_id}",
  policy: "identity:get_domain",
  replies: { 200: z.object({ domain: domainView }) },
});

export class DomainsController {
  constructor(private readonly database: Database) {}

  @route(listDomains)
  async list({ query, links }: RouteRequest<typeof listDomains>): Promise<Reply<typeof listDomains>> {
    const conditions: SQL[] = [];
    if (query.name !== undefined) conditions.push(eq(domains.name, query.name));
    if (query.enabled !== undefined) conditions.push(eq(domains.enabled, flag(query.enabled)));
    const found = await this.database
      .select()
      .from(domains)
      .where(and(...conditions))
      .orderBy(asc(domains.name));
    const shown = found.map((domain) => viewDomain(domain, links));
    return { status: 200, body: { domains: shown, links: linksOfList(links, "/domains") } };
  }

  @route(showDomain)
  async show({ params, links }: RouteRequest<typeof showDomain>): Promise<Reply<typeof showDomain>> {
    const [found] = await this.database.select().from(domains).where(eq(domains.id, params.domain_id));
    if (!found) return fault(404, `Could not find domain: ${params.domain_id}.`);
    return { status: 200, body: { domain: viewDomain(found, links) } };
  }
}
