import type { Database } from "@kilonova/database";
import { and, asc, eq } from "drizzle-orm";
import { type EndpointInterface, endpoints, services } from "./tables.js";

/** A service of the catalog, as tokens show it. */
export interface CatalogEntry {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly endpoints: readonly {
    readonly id: string;
    readonly interface: EndpointInterface;
    readonly region_id: string;
    readonly region: string;
    readonly url: string;
  }[];
}

/** What there is and where. */
export async function readCatalog(database: Database): Promise<readonly CatalogEntry[]> {
  const rows = await database
    .select({ service: services, endpoint: endpoints })
    .from(services)
    .innerJoin(endpoints, eq(endpoints.serviceId, services.id))
    .where(and(services.enabled, endpoints.enabled))
    .orderBy(asc(services.type), asc(endpoints.interface));
  const entries = new Map<string, CatalogEntry>();
  for (const { service, endpoint } of rows) {
    const known = entries.get(service.id);
    const shown = {
      id: endpoint.id,
      interface: endpoint.interface,
      region_id: endpoint.regionId,
      region: endpoint.regionId,
      url: endpoint.url,
    };
    const { id, type, name } = service;
    entries.set(id, { id, type, name, endpoints: [...(known?.endpoints ?? []), shown] });
  }
  return [...entries.values()];
}
