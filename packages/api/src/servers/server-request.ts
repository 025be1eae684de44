import type { RequestedNetworks } from "@kilonova/contracts";
import type { z } from "zod";
import { isTrue } from "../schemas/parameter-types.js";
import type { createServerBodies } from "../schemas/servers.js";
import { publicHints, queryRefusal } from "./scheduler-hints.js";

type Bodies = typeof createServerBodies;

/** The body of `POST /servers` at the oldest microversion with all that any later one may add or leave out. */
export type CreateServerBody = Omit<z.output<Bodies["2.1"]>, "server"> & {
  readonly server: Omit<z.output<Bodies["2.1"]>["server"], "networks" | "block_device_mapping_v2"> &
    Pick<z.output<Bodies["2.67"]>["server"], "block_device_mapping_v2"> & {
      readonly networks?:
        | z.output<Bodies["2.42"]>["server"]["networks"]
        | z.output<Bodies["2.1"]>["server"]["networks"];
    } & Partial<
      Pick<
        z.output<Bodies["2.94"]>["server"],
        "description" | "tags" | "trusted_image_certificates" | "host" | "hypervisor_hostname" | "hostname"
      >
    >;
};

/** The most servers that one request makes, whatever the quota: they are written in one transaction. */
const MOST_SERVERS = 1_000;

/** What a request for servers asks for, checked for sense, its ids not yet looked up. */
export interface ServerRequest {
  readonly name: string;
  readonly hostname: string | undefined;
  readonly description: string | null;
  readonly flavorId: string;
  readonly imageId: string;
  readonly keyName: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly userData: string | null;
  readonly configDrive: boolean;
  readonly zone: string | undefined;
  /** The host, where one was named in the zone or by itself. */
  readonly host: string | undefined;
  readonly node: string | undefined;
  /** The way the host was named: each has a policy of its own. */
  readonly hostNamedBy: "zone" | "host" | undefined;
  readonly networks: RequestedNetworks;
  readonly minCount: number;
  readonly maxCount: number;
  readonly accessIpV4: string | null;
  readonly accessIpV6: string | null;
  readonly diskConfig: "AUTO" | "MANUAL";
  readonly hints: Readonly<Record<string, unknown>>;
}

/** A request that makes no sense, and why. */
export class Senseless {
  constructor(readonly message: string) {}
}

/** Reads a body that its schema has passed: what only makes sense together is checked here. */
export function readServerRequest(body: CreateServerBody): ServerRequest | Senseless {
  const { server } = body;
  const unsupported = firstUnsupported(server);
  if (unsupported !== undefined) return new Senseless(unsupported);

  const imageId = imageOf(server);
  if (imageId instanceof Senseless) return imageId;
  const networks = networksOf(server.networks);
  if (networks instanceof Senseless) return networks;
  const minCount = Number(server.min_count ?? 1);
  const maxCount = Number(server.max_count ?? minCount);
  const countRefusal = refuseCounts(minCount, maxCount, networks);
  if (countRefusal !== undefined) return new Senseless(countRefusal);
  const place = placeOf(server);
  if (place instanceof Senseless) return place;
  const hints = publicHints(body["os:scheduler_hints"] ?? body["OS-SCH-HNT:scheduler_hints"] ?? {});
  const refusedQuery = queryRefusal(hints);
  if (refusedQuery !== undefined) return new Senseless(refusedQuery);

  return {
    name: server.name,
    hostname: server.hostname,
    description: server.description ?? null,
    flavorId: String(server.flavorRef),
    imageId,
    keyName: server.key_name,
    metadata: server.metadata ?? {},
    userData: server.user_data ?? null,
    configDrive: isTrue(server.config_drive),
    ...place,
    networks,
    minCount,
    maxCount: Math.min(maxCount, MOST_SERVERS),
    accessIpV4: server.accessIPv4 || null,
    accessIpV6: server.accessIPv6 || null,
    diskConfig: server["OS-DCF:diskConfig"] ?? "MANUAL",
    hints,
  };
}

/** What the API knows and this cloud does not do (yet) is refused in words. */
function firstUnsupported(server: CreateServerBody["server"]): string | undefined {
  if (server.personality && server.personality.length > 0) return "Files cannot be put into guests (personality).";
  if (server.tags && server.tags.length > 0) return "Tags of servers are not supported.";
  if (server.trusted_image_certificates) return "Trusted image certificates are not supported.";
  if (server.block_device_mapping && server.block_device_mapping.length > 0)
    return "Booting from volumes (block_device_mapping) is not supported.";
  const foreign = server.security_groups?.find(({ name }) => name !== undefined && name !== "default");
  return foreign && `Security group ${foreign.name} not found.`;
}

/** The image, by `imageRef` or by the one block device that is made from an image on the host itself. */
function imageOf({ imageRef, block_device_mapping_v2: devices = [] }: CreateServerBody["server"]): string | Senseless {
  if (devices.length === 0) return imageRef ? imageRef : new Senseless("Invalid imageRef provided.");
  const [device] = devices;
  const local =
    devices.length === 1 &&
    device?.source_type === "image" &&
    (device.destination_type ?? "local") === "local" &&
    Number(device.boot_index ?? 0) === 0;
  if (!local) {
    return new Senseless(
      "Block device mappings other than one image to the boot disk (image -> local) are not supported.",
    );
  }
  const imageId = device.uuid ?? device.image_id;
  if (imageId === undefined) return new Senseless("Block Device Mapping is Invalid: Missing device UUID.");
  if (imageRef && imageRef !== imageId) {
    return new Senseless(
      "Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination is not valid.",
    );
  }
  return imageId;
}

/** Nothing, and an empty list, are whatever network there is. */
function networksOf(networks: CreateServerBody["server"]["networks"]): RequestedNetworks | Senseless {
  if (networks === undefined || networks.length === 0) return "auto";
  if (networks === "auto" || networks === "none") return networks;
  if (!Array.isArray(networks)) return new Senseless(`Bad networks format: ${networks}`);
  const requested: { networkId: string; fixedAddress?: string }[] = [];
  for (const { uuid, port, fixed_ip: fixedAddress } of networks) {
    if (port) return new Senseless("Ports cannot be named: name networks by their uuid.");
    if (!uuid) return new Senseless("Bad networks format: a network needs a uuid.");
    requested.push({ networkId: uuid, ...(fixedAddress === undefined ? {} : { fixedAddress }) });
  }
  return requested;
}

function refuseCounts(minCount: number, maxCount: number, networks: RequestedNetworks): string | undefined {
  if (minCount < 1) return "min_count must be >= 1";
  if (minCount > maxCount) return "min_count must be <= max_count";
  if (minCount > MOST_SERVERS) return `min_count must be <= ${MOST_SERVERS}`;
  const fixed = Array.isArray(networks) && networks.some(({ fixedAddress }) => fixedAddress !== undefined);
  return maxCount > 1 && fixed
    ? "Failed to launch instance(s): Invalid fixed IP: multiple instances cannot have one fixed IP."
    : undefined;
}

type Place = Pick<ServerRequest, "zone" | "host" | "node" | "hostNamedBy">;

/** A zone may name a host and a hypervisor as well: `zone:host:node`; since 2.74 both have keys of their own. */
function placeOf({ availability_zone, host, hypervisor_hostname }: CreateServerBody["server"]): Place | Senseless {
  const [zone, zoneHost, zoneNode, ...more] = (availability_zone ?? "").split(":");
  if (more.length > 0) return new Senseless("Invalid input received: Unable to parse availability_zone");
  const inZone = Boolean(zoneHost || zoneNode);
  const asked = host !== undefined || hypervisor_hostname !== undefined;
  if (inZone && asked) {
    return new Senseless(
      "One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node are mutually exclusive.",
    );
  }
  return {
    zone: zone || undefined,
    host: zoneHost || host,
    node: zoneNode || hypervisor_hostname,
    hostNamedBy: inZone ? "zone" : asked ? "host" : undefined,
  };
}
