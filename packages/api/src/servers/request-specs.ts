import { findServerGroup } from "@kilonova/compute-store";
import {
  type Image,
  imageContract,
  networkContract,
  type RequestedNetworks,
  type RequestSpec,
  type ServerGroupRule,
} from "@kilonova/contracts";
import type { Database } from "@kilonova/database";
import { type ApiFault, fault, isApiFault } from "@kilonova/http";
import type { RequestContext, Rpc, RpcClient } from "@kilonova/messaging";
import { generateReservationId } from "./generated-words.js";
import { imageRefusal } from "./image-refusal.js";
import type { ServerCreation } from "./server-manager.js";

/** Makes what the scheduler is told of servers that are asked for: everything that they need of a host. */
export class RequestSpecs {
  readonly #image: RpcClient<typeof imageContract>;
  readonly #network: RpcClient<typeof networkContract>;

  constructor(
    private readonly database: Database,
    rpc: Rpc,
  ) {
    this.#image = rpc.client(imageContract);
    this.#network = rpc.client(networkContract);
  }

  /** Looks up what a request names; nothing is written. Faults: 400 for what is not there or does not fit, 403. */
  async of(context: RequestContext, creation: ServerCreation): Promise<RequestSpec | ApiFault> {
    const { projectId, userId } = context;
    if (projectId === undefined || userId === undefined) return fault(403, "Servers are made within a project.");
    const { flavor, imageId, networks, hints } = creation;
    const [found, networkRefusal, group] = await Promise.all([
      this.#image.call.getImage(context, { imageId }),
      this.#refuseNetworks(context, networks),
      this.#group(hints["group"], projectId),
    ]);
    if (!found.ok) return fault(400, "Can not find requested image");
    const refusal = imageRefusal(found.value, flavor) ?? networkRefusal;
    if (refusal !== undefined) return fault(400, refusal);
    if (isApiFault(group)) return group;
    return {
      reservationId: generateReservationId(),
      reason: "create",
      projectId,
      userId,
      flavor,
      image: bootedFrom(found.value),
      availabilityZone: creation.availabilityZone,
      forcedHost: creation.forcedHost,
      forcedNode: creation.forcedNode,
      requestedDestination: creation.requestedDestination,
      group,
      networks: typeof networks === "string" ? networks : [...networks],
      hints: { ...hints },
    };
  }

  /** The group that a hint names. Another project's does not exist. */
  async #group(id: unknown, projectId: string): Promise<ServerGroupRule | null | ApiFault> {
    if (id === undefined) return null;
    const found = await findServerGroup(this.database, String(id));
    if (!found || found.projectId !== projectId) return fault(400, `Instance group ${id} could not be found.`);
    const { policy, rules } = found;
    return { id: found.id, policy, maxServerPerHost: rules.max_server_per_host ?? 1 };
  }

  async #refuseNetworks(context: RequestContext, networks: RequestedNetworks): Promise<string | undefined> {
    if (typeof networks === "string") return undefined;
    const known = new Set((await this.#network.call.listNetworks(context)).map(({ id }) => id));
    const missing = networks.find(({ networkId }) => !known.has(networkId));
    return missing && `Network ${missing.networkId} could not be found.`;
  }
}

function bootedFrom({ id, minDisk, minRam, diskFormat, properties }: Image): RequestSpec["image"] {
  return { id, minDisk, minRam, diskFormat, properties };
}
