import type { Database } from "@kilonova/database";
import { declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { asc, eq } from "drizzle-orm";
import { z } from "zod";
import { type NetworkRow, networks } from "../tables.js";

const networkView = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  admin_state_up: z.boolean(),
  shared: z.boolean(),
  subnets: z.array(z.string()),
  "router:external": z.boolean(),
  tenant_id: z.string(),
  project_id: z.string(),
  mtu: z.number(),
  port_security_enabled: z.boolean(),
  availability_zones: z.array(z.string()),
  availability_zone_hints: z.array(z.string()),
  description: z.string(),
  tags: z.array(z.string()),
  created_at: z.string(),
});

const list = declareRoute({
  method: "GET",
  path: "/networks",
  policy: "get_network",
  query: z.looseObject({ id: z.array(z.string()).optional(), name: z.array(z.string()).optional() }),
  replies: { 200: z.object({ networks: z.array(networkView) }) },
});

const show = declareRoute({
  method: "GET",
  path: "/networks/{network_id}",
  policy: "get_network",
  replies: { 200: z.object({ network: networkView }) },
  errors: [404],
});

/** `/v2.0/networks`: read only; the flat network is the operator's. */
export class NetworksController {
  constructor(
    private readonly database: Database,
    private readonly mtu: number,
  ) {}

  @route(list)
  async list({ query }: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const rows = await this.database.select().from(networks).orderBy(asc(networks.name));
    const wanted = rows.filter(
      ({ id, name }) => (query.id?.includes(id) ?? true) && (query.name?.includes(name) ?? true),
    );
    return { status: 200, body: { networks: wanted.map((row) => this.#view(row)) } };
  }

  @route(show)
  async show({ params }: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const [row] = await this.database.select().from(networks).where(eq(networks.id, params.network_id));
    if (!row) return fault(404, `Network ${params.network_id} could not be found.`, { code: "NetworkNotFound" });
    return { status: 200, body: { network: this.#view(row) } };
  }

  #view({ id, name, shared, createdAt }: NetworkRow): z.output<typeof networkView> {
    return {
      id,
      name,
      status: "ACTIVE",
      admin_state_up: true,
      shared,
      // A network has one range here; its subnet goes by the same id.
      subnets: [id],
      "router:external": false,
      tenant_id: "",
      project_id: "",
      mtu: this.mtu,
      port_security_enabled: false,
      availability_zones: [],
      availability_zone_hints: [],
      description: "",
      tags: [],
      created_at: createdAt,
    };
  }
}
