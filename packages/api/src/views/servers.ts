import type { ServerRecord } from "@kilonova/compute-store";
import { POWER_STATES } from "@kilonova/contracts";
import type { Links } from "@kilonova/http";
import type { ZoneOf } from "../hosts/availability-zones.js";
import { FAULT_STATUSES, PROGRESS_STATUSES, serverStatus } from "../servers/server-status.js";
import { addressesView } from "./addresses.js";
import { hostId } from "./host-id.js";
import { isoInstant, isoMicroseconds } from "./instant.js";

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
  /** Tells the zones of the servers' hosts. */
  readonly zoneOf: ZoneOf;
  /** What to say of a host's service; undefined: nothing. */
  readonly hostStatus: ((host: string | null) => string) | undefined;
}

// What a server shows of things that this cloud has just one of, or none.
const SECURITY_GROUPS = [{ name: "default" }];
const NONE: never[] = [];

/** A server as it is shown; which keys there are besides is the microversion's and the policies' matter. */
export interface ServerView {
  id: string;
  [key: string]: unknown;
}

/**
 * Shows servers in the one way that a request asked for. Lists are long: keys are set one by one, always in the same
 * order, and what is the same for all servers is made once.
 */
export class ServerViews {
  readonly #hostIds = new Map<string, string>();
  readonly #self: string;
  readonly #bookmark: string;
  readonly #images: string;
  readonly #flavors: string;

  constructor(private readonly look: ServerLook) {
    this.#self = look.links.to("/servers/");
    this.#bookmark = look.links.bookmark("/servers/");
    this.#images = look.links.bookmark("/images/");
    this.#flavors = look.links.bookmark("/flavors/");
  }

  /** One of `GET /servers`. */
  brief({ id, name }: ServerRecord): ServerView {
    return { id, name, links: this.#links(id) };
  }

  /** `GET /servers/{id}`, with the ids of the groups that the server is in. */
  full(server: ServerRecord, groups: readonly string[]): ServerView {
    return this.#withGroups(this.detail(server), groups);
  }

  /** One of `GET /servers/detail`. */
  detail(server: ServerRecord): ServerView {
    const { minor, extendedAttributes, hostStatus, zoneOf } = this.look;
    const view = this.#core(server, true);
    view["OS-EXT-AZ:availability_zone"] = server.host === null ? (server.availabilityZone ?? "") : zoneOf(server.host);
    view["config_drive"] = server.configDrive ? "True" : "";
    view["key_name"] = server.keyName;
    view["OS-SRV-USG:launched_at"] = isoMicroseconds(server.launchedAt);
    view["OS-SRV-USG:terminated_at"] = isoMicroseconds(server.terminatedAt);
    view["security_groups"] = SECURITY_GROUPS;
    view["OS-EXT-STS:task_state"] = server.taskState;
    view["OS-EXT-STS:vm_state"] = server.vmState;
    view["OS-EXT-STS:power_state"] = POWER_STATES[server.powerState];
    view["os-extended-volumes:volumes_attached"] = NONE;
    if (extendedAttributes) this.#addExtendedAttributes(view, server);
    else if (minor >= 90) view["OS-EXT-SRV-ATTR:hostname"] = server.hostname;
    if (minor >= 16 && hostStatus) view["host_status"] = hostStatus(server.host);
    if (minor >= 96) view["pinned_availability_zone"] = server.availabilityZone;
    return view;
  }

  /** What `PUT /servers/{id}` answers: everything from 2.75 on, what it is about before. */
  updated(server: ServerRecord, groups: readonly string[]): ServerView {
    return this.look.minor >= 75 ? this.full(server, groups) : this.#withGroups(this.#core(server, false), groups);
  }

  #withGroups(view: ServerView, groups: readonly string[]): ServerView {
    if (this.look.minor >= 71) view["server_groups"] = groups;
    return view;
  }

  #core(server: ServerRecord, extendedAddresses: boolean): ServerView {
    const { minor } = this.look;
    const status = server.deletedAt === null ? serverStatus(server.vmState, server.taskState) : "DELETED";
    const view: ServerView = {
      id: server.id,
      name: server.name,
      status,
      tenant_id: server.projectId,
      user_id: server.userId,
      metadata: server.metadata,
      hostId: this.#hostId(server),
      image: server.imageId === null ? "" : bookmarked(server.imageId, this.#images),
      flavor: this.#flavor(server),
      created: isoInstant(server.createdAt),
      updated: isoInstant(server.updatedAt),
      addresses: addressesView(server.networkInfo, extendedAddresses),
      accessIPv4: server.accessIpV4 ?? "",
      accessIPv6: server.accessIpV6 ?? "",
      links: this.#links(server.id),
      "OS-DCF:diskConfig": server.diskConfig,
    };
    if (FAULT_STATUSES.has(status) && server.fault) view["fault"] = this.#fault(server.fault);
    if (PROGRESS_STATUSES.has(status)) view["progress"] = 0;
    if (minor >= 9) view["locked"] = server.locked;
    if (minor >= 19) view["description"] = server.description;
    if (minor >= 26) view["tags"] = NONE;
    if (minor >= 63) view["trusted_image_certificates"] = null;
    if (minor >= 73) view["locked_reason"] = server.lockedReason;
    return view;
  }

  #links(id: string) {
    return [
      { rel: "self", href: this.#self + id },
      { rel: "bookmark", href: this.#bookmark + id },
    ];
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
    if (this.look.minor < 47) return bookmarked(flavor.id, this.#flavors);
    const { vcpus, memoryMb, rootGb, ephemeralGb, swapMb, name, extraSpecs } = flavor;
    const sizes = {
      vcpus,
      ram: memoryMb,
      disk: rootGb,
      ephemeral: ephemeralGb,
      swap: swapMb,
      original_name: name,
    };
    return this.look.extraSpecs ? { ...sizes, extra_specs: extraSpecs } : sizes;
  }

  #fault({ code, message, details, createdAt }: NonNullable<ServerRecord["fault"]>) {
    const fault = { code, created: isoInstant(createdAt), message };
    return details !== null && (this.look.faultDetails || code !== 500) ? { ...fault, details } : fault;
  }

  #addExtendedAttributes(view: ServerView, server: ServerRecord): void {
    view["OS-EXT-SRV-ATTR:host"] = server.host;
    view["OS-EXT-SRV-ATTR:hypervisor_hostname"] = server.node;
    // Drivers know a guest by its server's id.
    view["OS-EXT-SRV-ATTR:instance_name"] = server.id;
    if (this.look.minor < 3) return;
    view["OS-EXT-SRV-ATTR:reservation_id"] = server.reservationId;
    view["OS-EXT-SRV-ATTR:launch_index"] = server.launchIndex;
    view["OS-EXT-SRV-ATTR:hostname"] = server.hostname;
    view["OS-EXT-SRV-ATTR:kernel_id"] = "";
    view["OS-EXT-SRV-ATTR:ramdisk_id"] = "";
    view["OS-EXT-SRV-ATTR:root_device_name"] = null;
    view["OS-EXT-SRV-ATTR:user_data"] = server.userData;
  }
}

function bookmarked(id: string, prefix: string) {
  return { id, links: [{ rel: "bookmark", href: prefix + id }] };
}
