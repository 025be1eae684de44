import type { Database } from "@kilonova/database";
import { declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { asc, eq } from "drizzle-orm";
import { z } from "zod";
import { AddressRange, FIRST_SERVER_POSITION } from "../address-range.js";
import { type NetworkRow, networks } from "../tables.js";

const subnetView = z.object({
  id: z.string(),
  name: z.string(),
  network_id: z.string(),
  tenant_id: z.string(),
  project_id: z.string(),
  cidr: z.string(),
  ip_version: z.number(),
  gateway_ip: z.string(),
  enable_dhcp: z.boolean(),
  dns_nameservers: z.array(z.string()),
  allocation_pools: z.array(z.object({ start: z.string(), end: z.string() })),
  host_routes: z.array(z.string()),
  description: z.string(),
  tags: z.array(z.string()),
});

const list = declareRoute({
  method: "GET",
  path: "/subnets",
  policy: "get_subnet",
  query: z.looseObject({
    id: z.array(z.string()).optional(),
    name: z.array(z.string()).optional(),
    network_id: z.array(z.string()).optional(),
  }),
  replies: { 200: z.object({ subnets: z.array(subnetView) }) },
});

const show = declareRoute({
  method: "GET",
  path: "/subnets/{subnet_id}",
  policy: "get_subnet",
  replies: { 200: z.object({ subnet: subnetView }) },
  errors: [404],
});

/** `/v2.0/subnets`: the one range of each network. */
export class SubnetsController {
  constructor(
    private readonly database: Database,
    private readonly nameservers: readonly string[],
  ) {}

  @route(list)
  async list({ query }: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const rows = await this.database.select().from(networks).orderBy(asc(networks.name));
    const ids = query.network_id ?? query.id;
    const wanted = rows.filter(({ id, name }) => (ids?.includes(id) ?? true) && (query.name?.includes(name) ?? true));
    return { status: 200, body: { subnets: wanted.map((row) => this.#view(row)) } };
  }

  @route(show)
  async show({ params }: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const [row] = await this.database.select().from(networks).where(eq(networks.id, params.subnet_id));
    if (!row) return fault(404, `Subnet ${params.subnet_id} could not be found.`, { code: "SubnetNotFound" });
    return { status: 200, body: { subnet: this.#view(row) } };
  }

  #view({ id, name, range: cidr }: NetworkRow): z.output<typeof subnetView> {
    const range = new AddressRange(cidr);
    return {
      id,
      name,
      network_id: id,
      tenant_id: "",
      project_id: "",
      cidr,
      ip_version: range.version,
      gateway_ip: range.gateway,
      enable_dhcp: true,
      dns_nameservers: [...this.nameservers],
      allocation_pools: [{ start: range.at(FIRST_SERVER_POSITION), end: range.at(range.end - 1) }],
      host_routes: [],
      description: "",
      tags: [],
    };
  }
}
