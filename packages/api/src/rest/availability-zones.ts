import { declareRoute, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import type { ComputeServices, ServiceState } from "../hosts/compute-services.js";
import { loose } from "../schemas/replies.js";
import { isoMicroseconds } from "../views/instant.js";
import { binaryView, COMPUTE_ZONE, INTERNAL_ZONE } from "../views/services.js";

const reply = { 200: z.object({ availabilityZoneInfo: z.array(loose) }) };

const list = declareRoute({
  method: "GET",
  path: "/os-availability-zone",
  policy: "os_compute_api:os-availability-zone:list",
  replies: reply,
});

const detail = declareRoute({
  method: "GET",
  path: "/os-availability-zone/detail",
  policy: "os_compute_api:os-availability-zone:detail",
  replies: reply,
});

/** The zones that servers can be asked into. */
export class AvailabilityZonesController {
  constructor(private readonly services: ComputeServices) {}

  @route(list)
  async list(_request: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const computes = [...(await this.services.computesByHost()).values()].filter(({ service }) => !service.disabled);
    const zones = computes.length === 0 ? [] : [zoneView(COMPUTE_ZONE, null)];
    return { status: 200, body: { availabilityZoneInfo: zones } };
  }

  @route(detail)
  async detail(_request: RouteRequest<typeof detail>): Promise<Reply<typeof detail>> {
    const enabled = (await this.services.all()).filter(({ service }) => !service.disabled);
    const zones = [INTERNAL_ZONE, COMPUTE_ZONE].flatMap((zone) => {
      const members = enabled.filter(({ service }) => (service.topic === "compute") === (zone === COMPUTE_ZONE));
      return members.length === 0 ? [] : [zoneView(zone, hostsView(members))];
    });
    return { status: 200, body: { availabilityZoneInfo: zones } };
  }
}

function zoneView(zoneName: string, hosts: Readonly<Record<string, unknown>> | null) {
  return { zoneName, zoneState: { available: true }, hosts };
}

function hostsView(members: readonly ServiceState[]) {
  const hosts: Record<string, Record<string, unknown>> = {};
  for (const { service, up } of members) {
    const host = hosts[service.host] ?? {};
    hosts[service.host] = host;
    host[binaryView(service)] = {
      available: up,
      active: !service.disabled,
      updated_at: isoMicroseconds(service.lastSeenAt),
    };
  }
  return hosts;
}
