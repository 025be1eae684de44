import { findFlavor, listComputeNodes } from "@kilonova/compute-store";
import type { Database } from "@kilonova/database";
import { type ApiFault, fault, isApiFault, type RouteRequest } from "@kilonova/http";
import type { AvailabilityZones } from "../hosts/availability-zones.js";
import type { ComputeServices } from "../hosts/compute-services.js";
import { flavorViewOf } from "../rest/flavors.js";
import type { ServerCreation } from "./server-manager.js";
import { type CreateServerBody, readServerRequest, Senseless, type ServerRequest } from "./server-request.js";

type Asking = Pick<RouteRequest, "context" | "policy">;
type Place = Pick<ServerCreation, "availabilityZone" | "forcedHost" | "forcedNode" | "requestedDestination">;

const ANYWHERE = { forcedHost: null, forcedNode: null, requestedDestination: null } as const;

/** Reads requests for servers, and looks up their flavors and where they are to go, as far as whoever asks may say so. */
export class ServerCreations {
  constructor(
    private readonly database: Database,
    private readonly services: ComputeServices,
    private readonly zones: AvailabilityZones,
    /** The zone of those that name none; undefined: any. */
    private readonly defaultScheduleZone: string | undefined,
  ) {}

  /** Faults: 400 for what makes no sense or is not there. @throws ApiFault 403 */
  async read(asking: Asking, body: CreateServerBody): Promise<ServerCreation | ApiFault> {
    const asked = readServerRequest(body);
    if (asked instanceof Senseless) return fault(400, asked.message);
    const flavor = await findFlavor(this.database, asked.flavorId, flavorViewOf(asking));
    if (!flavor || flavor.disabled) return fault(400, `Flavor ${asked.flavorId} could not be found.`);
    if (flavor.rootGb === 0 && !asking.policy.allows("os_compute_api:servers:create:zero_disk_flavor")) {
      return fault(403, "Only volume-backed servers are allowed for flavors with zero disk.");
    }
    const place = await this.#place(asking, asked);
    if (isApiFault(place)) return place;
    const { id, name, vcpus, memoryMb, rootGb, ephemeralGb, swapMb, extraSpecs } = flavor;
    return { ...asked, ...place, flavor: { id, name, vcpus, memoryMb, rootGb, ephemeralGb, swapMb, extraSpecs } };
  }

  /** The zone and the host that a request names; only administrators may name a host. */
  async #place({ policy }: Asking, asked: ServerRequest): Promise<Place | ApiFault> {
    const { zone = this.defaultScheduleZone, host, node, hostNamedBy } = asked;
    if (hostNamedBy !== undefined) {
      policy.authorize(
        hostNamedBy === "zone"
          ? "os_compute_api:servers:create:forced_host"
          : "compute:servers:create:requested_destination",
      );
      const missing = await this.#missing(host, node);
      if (missing !== undefined) return fault(400, `Compute host ${missing} could not be found.`);
    }
    if (zone !== undefined && !(await this.zones.isAvailable(zone))) {
      return fault(400, "The requested availability zone is not available");
    }
    const place = { ...ANYWHERE, availabilityZone: zone ?? null };
    if (hostNamedBy === undefined) return place;
    const named = { host: host ?? null, node: node ?? null };
    return hostNamedBy === "zone"
      ? { ...place, forcedHost: named.host, forcedNode: named.node }
      : { ...place, requestedDestination: named };
  }

  /** What of a host and a hypervisor, which must be that host's, is not there. */
  async #missing(host: string | undefined, node: string | undefined): Promise<string | undefined> {
    const computes = await this.services.computesByHost();
    if (host !== undefined && !computes.has(host)) return host;
    if (node === undefined) return undefined;
    const hypervisors = await listComputeNodes(this.database);
    const found = hypervisors.find(({ hypervisorHostname }) => hypervisorHostname === node);
    if (!found || !computes.has(found.host)) return node;
    return host === undefined || found.host === host ? undefined : host;
  }
}
