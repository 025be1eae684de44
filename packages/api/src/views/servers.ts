import type { ServerRecord } from "@kilonova/compute-store";
import { POWER_STATES } from "@kilonova/contracts";
import type { Links } from "@kilonova/http";
import { FAULT_STATUSES, PROGRESS_STATUSES, serverStatus } from "../servers/server-status.js";
import { addressesView } from "./addresses.js";
import { hostId } from "./host-id.js";
import { isoInstant, isoMicroseconds } from "./instant.js";
import { bookmarkLinks, resourceLinks } from "./links.js";

/** Who looks at servers, and how: settled once for a request, however many servers it shows. */
export interface ServerLook {
  /** The minor number of the microversion. */
  readonly minor: number;
  readonly links: Links;
  /** Attributes that tell of the hypervisor. */
  readonly extendedAttributes: boolean;
  /** Extra specs in the embedded flavor. */
  readonly extraSpecs: boolean;
  /** Details of a fault of code 500. */
  readonly faultDetails: boolean;
  /** What to say of a host's service; undefined: nothing. */
  readonly hostStatus: ((host: string | null) => string) | undefined;
}

const DEFAULT_ZONE = "nova";
// What a server shows of things that this cloud has just one of, or none.
const SECURITY_GROUPS = [{ name: "default" }];
const NONE: never[] = [];

/** Shows servers in the one way that a request asked for. */
export class ServerViews {
  readonly #hostIds = new Map<string, string>();

  constructor(private readonly look: ServerLook) {}

  /** One of `GET /servers`. */
  brief(server: ServerRecord) {
    return { id: server.id, name: server.name, links: resourceLinks(this.look.links, "servers", server.id) };
  }

  /** `GET /servers/{id}`. */
  full(server: ServerRecord) {
    return this.look.minor >= 71 ? { ...this.detail(server), server_groups: NONE } : this.detail(server);
  }

  /** One of `GET /servers/detail`. */
  detail(server: ServerRecord) {
    const { minor, extendedAttributes, hostStatus } = this.look;
    return {
      ...this.#core(server, true),
      "OS-EXT-AZ:availability_zone": server.availabilityZone ?? (server.host === null ? "" : DEFAULT_ZONE),
      config_drive: server.configDrive ? "True" : "",
      key_name: server.keyName,
      "OS-SRV-USG:launched_at": isoMicroseconds(server.launchedAt),
      "OS-SRV-USG:terminated_at": isoMicroseconds(server.terminatedAt),
      security_groups: SECURITY_GROUPS,
      "OS-EXT-STS:task_state": server.taskState,
      "OS-EXT-STS:vm_state": server.vmState,
      "OS-EXT-STS:power_state": POWER_STATES[server.powerState],
      "os-extended-volumes:volumes_attached": NONE,
      ...(extendedAttributes
        ? this.#extendedAttributes(server)
        : minor >= 90
          ? { "OS-EXT-SRV-ATTR:hostname": server.hostname }
          : undefined),
      ...(minor >= 16 && hostStatus ? { host_status: hostStatus(server.host) } : undefined),
      ...(minor >= 96 ? { pinned_availability_zone: server.availabilityZone } : undefined),
    };
  }

  /** What `PUT /servers/{id}` answers: everything from 2.75 on, what it is about before. */
  updated(server: ServerRecord) {
    return this.look.minor >= 75 ? this.full(server) : this.#core(server, false);
  }

  #core(server: ServerRecord, extendedAddresses: boolean) {
    const { minor, links } = this.look;
    const status = server.deletedAt === null ? serverStatus(server.vmState, server.taskState) : "DELETED";
    return {
      id: server.id,
      name: server.name,
      status,
      tenant_id: server.projectId,
      user_id: server.userId,
      metadata: server.metadata,
      hostId: this.#hostId(server),
      image:
        server.imageId === null ? "" : { id: server.imageId, links: bookmarkLinks(links, "images", server.imageId) },
      flavor: this.#flavor(server),
      created: isoInstant(server.createdAt),
      updated: isoInstant(server.updatedAt),
      addresses: addressesView(server.networkInfo, extendedAddresses),
      accessIPv4: server.accessIpV4 ?? "",
      accessIPv6: server.accessIpV6 ?? "",
      links: resourceLinks(links, "servers", server.id),
      "OS-DCF:diskConfig": server.diskConfig,
      ...(FAULT_STATUSES.has(status) && server.fault ? { fault: this.#fault(server.fault) } : undefined),
      ...(PROGRESS_STATUSES.has(status) ? { progress: 0 } : undefined),
      ...(minor >= 9 ? { locked: server.locked } : undefined),
      ...(minor >= 19 ? { description: server.description } : undefined),
      ...(minor >= 26 ? { tags: NONE } : undefined),
      ...(minor >= 63 ? { trusted_image_certificates: null } : undefined),
      ...(minor >= 73 ? { locked_reason: server.lockedReason } : undefined),
    };
  }

  #hostId({ projectId, host }: ServerRecord): string {
    if (host === null) return "";
    const key = `${projectId} ${host}`;
    let id = this.#hostIds.get(key);
    if (id === undefined) {
      id = hostId(projectId, host);
      this.#hostIds.set(key, id);
    }
    return id;
  }

  #flavor({ flavor }: ServerRecord) {
    if (this.look.minor < 47) return { id: flavor.id, links: bookmarkLinks(this.look.links, "flavors", flavor.id) };
    const { vcpus, memoryMb, rootGb, ephemeralGb, swapMb, name, extraSpecs } = flavor;
    return {
      vcpus,
      ram: memoryMb,
      disk: rootGb,
      ephemeral: ephemeralGb,
      swap: swapMb,
      original_name: name,
      ...(this.look.extraSpecs ? { extra_specs: extraSpecs } : undefined),
    };
  }

  #fault({ code, message, details, createdAt }: NonNullable<ServerRecord["fault"]>) {
    const shown = details !== null && (this.look.faultDetails || code !== 500);
    return { code, created: isoInstant(createdAt), message, ...(shown ? { details } : undefined) };
  }

  #extendedAttributes(server: ServerRecord) {
    const attributes = {
      "OS-EXT-SRV-ATTR:host": server.host,
      "OS-EXT-SRV-ATTR:hypervisor_hostname": server.node,
      // Drivers know a guest by its server's id.
      "OS-EXT-SRV-ATTR:instance_name": server.id,
    };
    if (this.look.minor < 3) return attributes;
    return {
      ...attributes,
      "OS-EXT-SRV-ATTR:reservation_id": server.reservationId,
      "OS-EXT-SRV-ATTR:launch_index": server.launchIndex,
      "OS-EXT-SRV-ATTR:hostname": server.hostname,
      "OS-EXT-SRV-ATTR:kernel_id": "",
      "OS-EXT-SRV-ATTR:ramdisk_id": "",
      "OS-EXT-SRV-ATTR:root_device_name": null,
      "OS-EXT-SRV-ATTR:user_data": server.userData,
    };
  }
}
