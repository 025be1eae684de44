import { randomUUID } from "node:crypto";
import {
  type CreatedServers,
  createServers,
  findKeypair,
  type Keypair,
  type NewServer,
  requestOperation,
  type ServerRecord,
} from "@kilonova/compute-store";
import type { Options } from "@kilonova/config";
import {
  computeContract,
  conductorContract,
  type Flavor,
  type Image,
  imageContract,
  networkContract,
  type Operation,
  type RequestedNetworks,
} from "@kilonova/contracts";
import { type Database, databaseOf } from "@kilonova/database";
import { type ApiFault, fault, isApiFault } from "@kilonova/http";
import { messageOf, type RequestContext, type Rpc, type RpcClient } from "@kilonova/messaging";
import {
  hook,
  inject,
  LOGGER,
  type Logger,
  options,
  RPC,
  serverCreate,
  serverDelete,
  serverReboot,
  serverStart,
  serverStop,
} from "@kilonova/plugin-api";
import { quotaOptions } from "../options.js";
import { limitsOfProject, overQuotaWords } from "../quotas/limits-of-project.js";
import { defaultLimits, type QuotaLimits } from "../quotas/quota-resources.js";
import { type ActionRule, actionRefusal, DELETE, HARD_REBOOT, SOFT_REBOOT, START, STOP } from "./action-rules.js";
import { generateReservationId } from "./generated-words.js";
import { hostnameOf } from "./hostname.js";
import { imageRefusal } from "./image-refusal.js";
import type { ServerRequest } from "./server-request.js";

/** Milliseconds that a cast has to wake someone before the sweep looks for the operation. */
const TAKE_WITHIN = 5_000;

/** Servers that are to be made: a request whose flavor and host have been looked up. */
export interface ServerCreation extends Omit<ServerRequest, "flavorId" | "host" | "node" | "hostNamedBy" | "zone"> {
  readonly flavor: Flavor;
  readonly availabilityZone: string | null;
  readonly forcedHost: string | null;
}

/** Something to be done to a server, which has been looked up and may be touched by whoever asks. */
export interface ServerAction {
  readonly server: ServerRecord;
}

export interface RebootAction extends ServerAction {
  readonly type: "SOFT" | "HARD";
}

/** What the parts of a request turned out to be. */
interface Resolved {
  readonly image: Image;
  readonly keypair: Keypair | undefined;
  readonly limits: QuotaLimits;
}

/**
 * What is done to servers, behind the routes: the one place that writes their operations. Option `api.servers` names
 * the class. Each method is a hook point; what a user must expect to be told comes back as a fault.
 */
export class ServerManager {
  readonly #image: RpcClient<typeof imageContract>;
  readonly #network: RpcClient<typeof networkContract>;
  readonly #conductor: RpcClient<typeof conductorContract>;
  readonly #compute: RpcClient<typeof computeContract>;
  readonly #defaults: QuotaLimits;

  constructor(
    @inject(databaseOf("compute")) private readonly database: Database,
    @inject(RPC) rpc: Rpc,
    @inject(LOGGER) private readonly logger: Logger,
    @options(quotaOptions) quota: Options<typeof quotaOptions>,
  ) {
    this.#image = rpc.client(imageContract);
    this.#network = rpc.client(networkContract);
    this.#conductor = rpc.client(conductorContract);
    this.#compute = rpc.client(computeContract);
    this.#defaults = defaultLimits(quota);
  }

  /** Writes servers, request specs and operations in one transaction, then wakes a conductor. */
  @hook(serverCreate)
  async create(context: RequestContext, creation: ServerCreation): Promise<CreatedServers | ApiFault> {
    const { projectId, userId } = context;
    if (projectId === undefined || userId === undefined) return fault(403, "Servers are made within a project.");
    const resolved = await this.#resolve(context, creation, { projectId, userId });
    if (isApiFault(resolved)) return resolved;
    const { image, limits } = resolved;
    const created = await createServers(this.database, {
      requestId: context.requestId,
      projectId,
      userId,
      servers: newServers(creation, resolved),
      minCount: creation.minCount,
      limits: { instances: limits.instances, cores: limits.cores, ram: limits.ram },
      takeWithin: TAKE_WITHIN,
      requestSpec: {
        reservationId: generateReservationId(),
        reason: "create",
        projectId,
        userId,
        flavor: creation.flavor,
        image: { id: image.id, minDisk: image.minDisk, minRam: image.minRam, properties: image.properties },
        availabilityZone: creation.availabilityZone,
        forcedHost: creation.forcedHost,
        networks: typeof creation.networks === "string" ? creation.networks : [...creation.networks],
        hints: { ...creation.hints },
      },
    });
    if (!created.ok) return fault(403, overQuotaWords(created.details));
    const operationIds = created.value.operations.map(({ id }) => id);
    this.#wake(operationIds, this.#conductor.cast.scheduleAndBuildServers(context, { operationIds }));
    return created.value;
  }

  @hook(serverDelete)
  async delete(context: RequestContext, { server }: ServerAction): Promise<ApiFault | undefined> {
    return await this.#act(context, server, DELETE, {}, (operation, wake) =>
      operation.host === null
        ? this.#conductor.cast.deleteServer(context, wake)
        : this.#computeOf(operation.host).deleteServer(context, wake),
    );
  }

  @hook(serverStart)
  async start(context: RequestContext, { server }: ServerAction): Promise<ApiFault | undefined> {
    return await this.#act(context, server, START, {}, ({ host }, wake) =>
      this.#computeOf(host).startServer(context, wake),
    );
  }

  @hook(serverStop)
  async stop(context: RequestContext, { server }: ServerAction): Promise<ApiFault | undefined> {
    return await this.#act(context, server, STOP, {}, ({ host }, wake) =>
      this.#computeOf(host).stopServer(context, wake),
    );
  }

  @hook(serverReboot)
  async reboot(context: RequestContext, { server, type }: RebootAction): Promise<ApiFault | undefined> {
    const rule = type === "HARD" ? HARD_REBOOT : SOFT_REBOOT;
    return await this.#act(context, server, rule, { rebootType: type }, ({ host }, wake) =>
      this.#computeOf(host).rebootServer(context, wake),
    );
  }

  /** The last lines of what a server wrote on its console; all of them where `length` is null. */
  async consoleOutput(
    context: RequestContext,
    server: ServerRecord,
    length: number | null,
  ): Promise<string | ApiFault> {
    if (server.host === null) return fault(409, `Instance ${server.id} is not ready`);
    const client = this.#compute.prepare({ server: server.host });
    const answer = await client.call.getConsoleOutput(context, { serverId: server.id, length });
    if (answer.ok) return answer.value;
    return answer.refusal === "serverNotFound"
      ? fault(404, `Instance ${server.id} could not be found.`)
      : fault(501, "The hypervisor of this server keeps no console output.");
  }

  async #act(
    context: RequestContext,
    server: ServerRecord,
    rule: ActionRule,
    args: Operation["args"],
    cast: (operation: Operation, wake: { operationId: string }) => Promise<void>,
  ): Promise<ApiFault | undefined> {
    const refusal = actionRefusal(rule, server);
    if (refusal !== undefined) return fault(409, refusal);
    const requested = await requestOperation(this.database, {
      serverId: server.id,
      action: rule.action,
      args,
      ...(rule.vmStates ? { vmStates: rule.vmStates } : {}),
      ...(rule.taskStates ? { taskStates: rule.taskStates } : {}),
      taskState: rule.taskState,
      requestId: context.requestId,
      projectId: context.projectId ?? server.projectId,
      userId: context.userId ?? server.userId,
      takeWithin: TAKE_WITHIN,
    });
    if (!requested.ok) {
      if (requested.refusal === "serverNotFound") return fault(404, `Instance ${server.id} could not be found.`);
      if (requested.refusal === "noHost") return fault(409, `Instance ${server.id} is not ready`);
      // Somebody was quicker.
      const words = actionRefusal(rule, { ...server, ...requested.details });
      return fault(409, words ?? `Instance ${server.id} is in an invalid state for '${rule.action}'`);
    }
    const { id: operationId } = requested.value;
    this.#wake([operationId], cast(requested.value, { operationId }));
    return undefined;
  }

  #computeOf(host: string | null) {
    return this.#compute.prepare(host === null ? {} : { server: host }).cast;
  }

  /** Nobody waits for a cast: where it fails the sweep finds the operation. */
  #wake(operationIds: readonly string[], cast: Promise<void>): void {
    cast.catch((error) =>
      this.logger.warn(
        { operationIds, reason: messageOf(error) },
        "nobody could be woken for operations; the sweep will find them",
      ),
    );
  }

  async #resolve(
    context: RequestContext,
    creation: ServerCreation,
    { projectId, userId }: { readonly projectId: string; readonly userId: string },
  ): Promise<Resolved | ApiFault> {
    const { keyName, imageId, networks, flavor } = creation;
    const [found, keypair, limits, networkRefusal] = await Promise.all([
      this.#image.call.getImage(context, { imageId }),
      keyName === undefined ? undefined : findKeypair(this.database, userId, keyName),
      limitsOfProject(this.database, this.#defaults, projectId),
      this.#refuseNetworks(context, networks),
    ]);
    if (!found.ok) return fault(400, "Can not find requested image");
    const refusal = imageRefusal(found.value, flavor) ?? networkRefusal;
    if (refusal !== undefined) return fault(400, refusal);
    if (keyName !== undefined && !keypair) return fault(400, "Invalid key_name provided.");
    const items = Object.keys(creation.metadata).length;
    if (limits.metadata_items >= 0 && items > limits.metadata_items) {
      return fault(403, `Maximum number of metadata items exceeds ${limits.metadata_items}`);
    }
    return { image: found.value, keypair, limits };
  }

  async #refuseNetworks(context: RequestContext, networks: RequestedNetworks): Promise<string | undefined> {
    if (typeof networks === "string") return undefined;
    const known = new Set((await this.#network.call.listNetworks(context)).map(({ id }) => id));
    const missing = networks.find(({ networkId }) => !known.has(networkId));
    return missing && `Network ${missing.networkId} could not be found.`;
  }
}

/** As many as are wanted; the store takes the first of them where the quota has no room for all. */
function newServers(creation: ServerCreation, { image, keypair }: Resolved): NewServer[] {
  const several = creation.maxCount > 1;
  return Array.from({ length: creation.maxCount }, (_, index) => {
    const id = randomUUID();
    const number = several ? index + 1 : undefined;
    return {
      id,
      name: several ? `${creation.name}-${number}` : creation.name,
      hostname:
        creation.hostname === undefined ? hostnameOf(creation.name, id, number) : numbered(creation.hostname, number),
      description: creation.description,
      flavor: creation.flavor,
      imageId: image.id,
      keyName: keypair?.name ?? null,
      publicKey: keypair?.publicKey ?? null,
      userData: creation.userData,
      metadata: creation.metadata,
      configDrive: creation.configDrive,
      diskConfig: creation.diskConfig,
      accessIpV4: creation.accessIpV4,
      accessIpV6: creation.accessIpV6,
      availabilityZone: creation.availabilityZone,
    };
  });
}

function numbered(hostname: string, number: number | undefined): string {
  return number === undefined ? hostname : `${hostname}-${number}`;
}
