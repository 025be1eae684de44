import type { Database } from "@kilonova/database";
import { declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import type { RequestContext } from "@kilonova/messaging";
import { and, asc, eq, inArray, type SQL } from "drizzle-orm";
import { z } from "zod";
import { AddressRange } from "../address-range.js";
import { type NetworkRow, networks, type PortRow, ports } from "../tables.js";

/** More are not listed at once. */
const LIMIT = 1_000;

const portView = z.object({
  id: z.string(),
  name: z.string(),
  network_id: z.string(),
  device_id: z.string(),
  device_owner: z.string(),
  mac_address: z.string(),
  fixed_ips: z.array(z.object({ subnet_id: z.string(), ip_address: z.string() })),
  status: z.string(),
  admin_state_up: z.boolean(),
  tenant_id: z.string(),
  project_id: z.string(),
  security_groups: z.array(z.string()),
  tags: z.array(z.string()),
});

const list = declareRoute({
  method: "GET",
  path: "/ports",
  policy: "get_port",
  query: z.looseObject({ device_id: z.array(z.string()).optional(), network_id: z.array(z.string()).optional() }),
  replies: { 200: z.object({ ports: z.array(portView) }) },
});

const show = declareRoute({
  method: "GET",
  path: "/ports/{port_id}",
  policy: "get_port",
  replies: { 200: z.object({ port: portView }) },
  errors: [404],
});

/** `/v2.0/ports`: read only; ports come and go with their servers. */
export class PortsController {
  constructor(private readonly database: Database) {}

  @route(list)
  async list({ context, query }: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const wanted = [
      query.device_id && inArray(ports.serverId, query.device_id),
      query.network_id && inArray(ports.networkId, query.network_id),
    ];
    const found = await this.#find(context, wanted);
    return { status: 200, body: { ports: found.map(viewOf) } };
  }

  @route(show)
  async show({ context, params }: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const [found] = await this.#find(context, [eq(ports.id, params.port_id)]);
    if (!found) return fault(404, `Port ${params.port_id} could not be found.`, { code: "PortNotFound" });
    return { status: 200, body: { port: viewOf(found) } };
  }

  /** A user sees the ports of the own project, an administrator all. */
  #find(context: RequestContext, wanted: readonly (SQL | undefined)[]) {
    const seen = context.isAdmin ? undefined : eq(ports.projectId, context.projectId ?? "");
    return this.database
      .select({ port: ports, network: networks })
      .from(ports)
      .innerJoin(networks, eq(networks.id, ports.networkId))
      .where(and(seen, ...wanted))
      .orderBy(asc(ports.createdAt), asc(ports.deviceIndex))
      .limit(LIMIT);
  }
}

function viewOf({
  port,
  network,
}: {
  readonly port: PortRow;
  readonly network: NetworkRow;
}): z.output<typeof portView> {
  return {
    id: port.id,
    name: "",
    network_id: port.networkId,
    device_id: port.serverId,
    device_owner: "compute:nova",
    mac_address: port.macAddress,
    fixed_ips: [{ subnet_id: port.networkId, ip_address: new AddressRange(network.range).at(port.position) }],
    status: "ACTIVE",
    admin_state_up: true,
    tenant_id: port.projectId,
    project_id: port.projectId,
    security_groups: [],
    tags: [],
  };
}
