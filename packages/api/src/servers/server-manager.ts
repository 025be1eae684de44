import {
  type CreatedServers,
  createServers,
  findKeypair,
  requestOperation,
  type ServerRecord,
} from "@kilonova/compute-store";
import type { Options } from "@kilonova/config";
import { computeContract, conductorContract, type Flavor, type Operation, type RequestSpec } from "@kilonova/contracts";
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
import { newServers } from "./new-servers.js";
import { RequestSpecs } from "./request-specs.js";
import type { ServerRequest } from "./server-request.js";

/** Milliseconds that a cast has to wake someone before the sweep looks for the operation. */
const TAKE_WITHIN = 5_000;

/** Servers that are to be made: a request whose flavor and host have been looked up. */
export interface ServerCreation extends Omit<ServerRequest, "flavorId" | "host" | "node" | "hostNamedBy" | "zone"> {
  readonly flavor: Flavor;
  readonly availabilityZone: string | null;
  /** The host or the hypervisor that was named within the zone. */
  readonly forcedHost: string | null;
  readonly forcedNode: string | null;
  /** The host, the hypervisor or both that were named by themselves. */
  readonly requestedDestination: { readonly host: string | null; readonly node: string | null } | null;
}

/** Something to be done to a server, which has been looked up and may be touched by whoever asks. */
export interface ServerAction {
  readonly server: ServerRecord;
}

export interface RebootAction extends ServerAction {
  readonly type: "SOFT" | "HARD";
}

/**
 * What is done to servers, behind the routes: the one place that writes their operations. Option `api.servers` names
 * the class. Each method is a hook point; what a user must expect to be told comes back as a fault.
 */
export class ServerManager {
  readonly #requestSpecs: RequestSpecs;
  readonly #conductor: RpcClient<typeof conductorContract>;
  readonly #compute: RpcClient<typeof computeContract>;
  readonly #defaults: QuotaLimits;

  constructor(
    @inject(databaseOf("compute")) private readonly database: Database,
    @inject(RPC) rpc: Rpc,
    @inject(LOGGER) private readonly logger: Logger,
    @options(quotaOptions) quota: Options<typeof quotaOptions>,
  ) {
    this.#requestSpecs = new RequestSpecs(database, rpc);
    this.#conductor = rpc.client(conductorContract);
    this.#compute = rpc.client(computeContract);
    this.#defaults = defaultLimits(quota);
  }

  /** Writes servers, request specs and operations in one transaction, then wakes a conductor. */
  @hook(serverCreate)
  async create(context: RequestContext, creation: ServerCreation): Promise<CreatedServers | ApiFault> {
    const requestSpec = await this.requestSpec(context, creation);
    if (isApiFault(requestSpec)) return requestSpec;
    const { projectId, userId, group } = requestSpec;
    const { keyName } = creation;
    const [keypair, limits] = await Promise.all([
      keyName === undefined ? undefined : findKeypair(this.database, userId, keyName),
      limitsOfProject(this.database, this.#defaults, projectId),
    ]);
    if (keyName !== undefined && !keypair) return fault(400, "Invalid key_name provided.");
    const items = Object.keys(creation.metadata).length;
    if (limits.metadata_items >= 0 && items > limits.metadata_items) {
      return fault(403, `Maximum number of metadata items exceeds ${limits.metadata_items}`);
    }
    const created = await createServers(this.database, {
      requestId: context.requestId,
      projectId,
      userId,
      servers: newServers(creation, keypair),
      minCount: creation.minCount,
      limits: { instances: limits.instances, cores: limits.cores, ram: limits.ram },
      ...(group ? { group: { id: group.id, limit: limits.server_group_members } } : {}),
      takeWithin: TAKE_WITHIN,
      requestSpec,
    });
    if (!created.ok) return notCreated(created);
    const operationIds = created.value.operations.map(({ id }) => id);
    this.#wake(operationIds, this.#conductor.cast.scheduleAndBuildServers(context, { operationIds }));
    return created.value;
  }

  /** What the scheduler would be told of such servers; nothing is written. Faults: as of {@link create}. */
  async requestSpec(context: RequestContext, creation: ServerCreation): Promise<RequestSpec | ApiFault> {
    return await this.#requestSpecs.of(context, creation);
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
}

type NotCreated = Extract<Awaited<ReturnType<typeof createServers>>, { ok: false }>;

/** Why no servers were made, in the words that clients look for. */
function notCreated(refusal: NotCreated): ApiFault {
  switch (refusal.refusal) {
    case "overQuota":
      return fault(403, overQuotaWords(refusal.details));
    case "groupFull":
      return fault(403, "Quota exceeded, too many servers in group");
    case "groupNotFound":
      return fault(400, `Instance group ${refusal.details.id} could not be found.`);
  }
}
