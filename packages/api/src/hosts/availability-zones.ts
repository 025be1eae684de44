import { zonesOfHosts } from "@kilonova/compute-store";
import type { Database } from "@kilonova/database";
import { type Token, token } from "@kilonova/plugin-api";
import type { ComputeServices, ServiceState } from "./compute-services.js";

/** Option `scheduler.defaultAvailabilityZone`: the zone of hosts that are in none. The scheduler's and the api's is one. */
export const DEFAULT_AVAILABILITY_ZONE: Token<string> = token<string>("default-availability-zone");

/** The zone of services that run no servers. */
export const INTERNAL_ZONE = "internal";

/** Tells the zone of a host that runs servers. */
export type ZoneOf = (host: string) => string;

/** The zones that the aggregates make of the hosts. */
export class AvailabilityZones {
  constructor(
    private readonly database: Database,
    private readonly services: ComputeServices,
    readonly defaultZone: string,
  ) {}

  /** The zones of these hosts; of all where none are named. */
  async ofHosts(hosts?: readonly string[]): Promise<ZoneOf> {
    const zones = await zonesOfHosts(this.database, hosts);
    return (host) => zones.get(host) ?? this.defaultZone;
  }

  /** The compute services by zone, in the order of their records. */
  async computesByZone(): Promise<ReadonlyMap<string, readonly ServiceState[]>> {
    const [computes, zoneOf] = await Promise.all([this.services.computesByHost(), this.ofHosts()]);
    const zones = new Map<string, ServiceState[]>();
    for (const state of computes.values()) {
      const zone = zoneOf(state.service.host);
      const members = zones.get(zone) ?? [];
      zones.set(zone, members);
      members.push(state);
    }
    return zones;
  }

  /** Whether a server may be asked into a zone: some host of it is enabled. */
  async isAvailable(zone: string): Promise<boolean> {
    return isAvailable((await this.computesByZone()).get(zone) ?? []);
  }
}

/** True for a zone of which some host is enabled, up or down. */
export function isAvailable(computes: readonly ServiceState[]): boolean {
  return computes.some(({ service }) => !service.disabled);
}
