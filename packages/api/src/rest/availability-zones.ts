import { declareRoute, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { type AvailabilityZones, INTERNAL_ZONE, isAvailable } from "../hosts/availability-zones.js";
import type { ComputeServices, ServiceState } from "../hosts/compute-services.js";
import { loose } from "../schemas/replies.js";
import { isoMicroseconds } from "../views/instant.js";
import { binaryView } from "../views/services.js";

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

/** The zones that servers can be asked into. One whose hosts are all disabled is not available. */
export class AvailabilityZonesController {
  constructor(
    private readonly services: ComputeServices,
    private readonly zones: AvailabilityZones,
  ) {}

  @route(list)
  async list(_request: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const zones = [...(await this.zones.computesByZone())].map(([zone, computes]) =>
      zoneView(zone, isAvailable(computes), null),
    );
    return { status: 200, body: { availabilityZoneInfo: availableFirst(zones) } };
  }

  @route(detail)
  async detail(_request: RouteRequest<typeof detail>): Promise<Reply<typeof detail>> {
    const [services, computes] = await Promise.all([this.services.all(), this.zones.computesByZone()]);
    const others = services.filter(({ service }) => service.topic !== "compute");
    const all = [...(others.length === 0 ? [] : [[INTERNAL_ZONE, others] as const]), ...computes];
    const zones = all.map(([zone, members]) => {
      const enabled = members.filter(({ service }) => !service.disabled);
      return zoneView(zone, isAvailable(members), enabled.length === 0 ? null : hostsView(enabled));
    });
    return { status: 200, body: { availabilityZoneInfo: availableFirst(zones) } };
  }
}

function zoneView(zoneName: string, available: boolean, hosts: Readonly<Record<string, unknown>> | null) {
  return { zoneName, zoneState: { available }, hosts };
}

function availableFirst(zones: readonly ReturnType<typeof zoneView>[]) {
  return [
    ...zones.filter(({ zoneState }) => zoneState.available),
    ...zones.filter(({ zoneState }) => !zoneState.available),
  ];
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
