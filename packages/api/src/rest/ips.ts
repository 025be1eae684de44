import { declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { addressesView } from "../views/addresses.js";
import type { ServerLookup } from "./server-lookup.js";

const addresses = z.record(z.string(), z.array(z.object({ version: z.number(), addr: z.string() })));

const list = declareRoute({
  method: "GET",
  path: "/servers/{server_id}/ips",
  policy: "os_compute_api:ips:index",
  replies: { 200: z.object({ addresses }) },
});

const show = declareRoute({
  method: "GET",
  path: "/servers/{server_id}/ips/{network}",
  policy: "os_compute_api:ips:show",
  replies: { 200: addresses },
});

/** The addresses of servers. */
export class IpsController {
  constructor(private readonly servers: ServerLookup) {}

  @route(list)
  async list(request: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const server = await this.servers.find(request, request.params.server_id, list.policy);
    return { status: 200, body: { addresses: addressesView(server.networkInfo, false) } };
  }

  @route(show)
  async show(request: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const server = await this.servers.find(request, request.params.server_id, show.policy);
    const { network } = request.params;
    const networks = addressesView(server.networkInfo, false);
    const found = Object.hasOwn(networks, network) ? networks[network] : undefined;
    return found
      ? { status: 200, body: { [network]: found } }
      : fault(404, "Instance is not a member of specified network");
  }
}
