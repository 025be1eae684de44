import { randomUUID } from "node:crypto";
import {
  changeServer,
  hostOfHypervisor,
  knownServers,
  operationsOfHost,
  releaseLeases,
  renewLease,
  returnToConductor,
  saveComputeNode,
  savePowerStates,
  serversOfHost,
  takeForCompute,
} from "@kilonova/compute-store";
import type { Options } from "@kilonova/config";
import { type ComputeNode, type Conductor, computeNodeId, conductorContract } from "@kilonova/contracts";
import { METRICS, type Metrics, SERVICE_RECORDS, type ServiceRecords } from "@kilonova/core";
import { type Database, databaseOf } from "@kilonova/database";
import {
  type Args,
  boundHost,
  forbidden,
  type Handlers,
  ok,
  type RequestContext,
  type Result,
  type Rpc,
  refused,
} from "@kilonova/messaging";
import {
  CLOCK,
  type Clock,
  driver,
  HOST,
  inject,
  LOGGER,
  type Logger,
  Manager,
  manager,
  NOTIFICATIONS,
  type Notifications,
  options,
  periodicTask,
  RPC,
  rpcMethod,
  type ServiceGroupDriver,
} from "@kilonova/plugin-api";
import { BuildServers } from "./build-servers.js";
import { ComputeHosts } from "./compute-hosts.js";
import { ConductorWork } from "./conductor-work.js";
import { FrameworkEndpoint } from "./framework-endpoint.js";
import { OperationEnds } from "./operation-ends.js";
import { addOperationMetrics } from "./operation-metrics.js";
import { OperationSweep } from "./operation-sweep.js";
import { conductorOptions } from "./options.js";
import { ServerResources } from "./server-resources.js";
import { type ConductorWorld, TAKE_WITHIN } from "./world.js";

/** Milliseconds of the way out that are kept for giving leases back. */
const GIVING_BACK = 1_000;

type Settings = Options<typeof conductorOptions>;

/**
 * Carries out what takes several services, keeps the state of servers for computes, and sees to operations that nobody
 * sees to. What a compute reads or writes here is limited to the servers of the host that it names.
 */
@manager(conductorContract)
export class ConductorManager extends Manager implements Handlers<Conductor> {
  override readonly additionalEndpoints: readonly object[];
  readonly #world: ConductorWorld;
  readonly #work: ConductorWork;
  readonly #sweep: OperationSweep;

  constructor(
    @inject(databaseOf("compute")) database: Database,
    @inject(databaseOf("framework")) framework: Database,
    @inject(RPC) rpc: Rpc,
    @inject(CLOCK) clock: Clock,
    @inject(LOGGER) logger: Logger,
    @inject(HOST) private readonly host: string,
    @inject(SERVICE_RECORDS) services: ServiceRecords,
    @driver("servicegroup.driver") group: ServiceGroupDriver,
    @options(conductorOptions) settings: Settings,
    @inject(NOTIFICATIONS) notifications: Notifications,
    @inject(METRICS) metrics: Metrics,
  ) {
    super();
    const owner = `${ownersOf(host)}${randomUUID()}`;
    const ends = new OperationEnds(database, notifications);
    this.#world = { database, rpc, clock, logger, ends, options: settings, owner };
    const hosts = new ComputeHosts(services, group, clock);
    const resources = new ServerResources(this.#world);
    this.#work = new ConductorWork(this.#world, new BuildServers(this.#world, resources, hosts), resources);
    this.#sweep = new OperationSweep(this.#world, this.#work, hosts);
    this.additionalEndpoints = [new FrameworkEndpoint(framework)];
    addOperationMetrics(metrics, database);
  }

  /** A host has one conductor: what an earlier life of it still holds is nobody's. */
  override async initHost(_context: RequestContext): Promise<void> {
    await releaseLeases(this.#world.database, ownersOf(this.host));
  }

  override async cleanupHost(context: RequestContext): Promise<void> {
    const left = context.timeLeft() ?? 5_000;
    await this.#work.leave(context.within(Math.max(0, left - GIVING_BACK)).signal);
  }

  /** Resolves when nothing that was taken is being worked on. */
  async idle(): Promise<void> {
    await this.#work.idle();
  }

  @periodicTask({ every: "1s", runImmediately: true })
  async sweepOperations(context: RequestContext): Promise<void> {
    await this.#sweep.run(context.signal);
  }

  @periodicTask({ every: "1s" })
  async renewLeases(_context: RequestContext): Promise<void> {
    await this.#work.renew();
  }

  @rpcMethod()
  async scheduleAndBuildServers(
    _context: RequestContext,
    { operationIds }: Args<Conductor, "scheduleAndBuildServers">,
  ): Promise<void> {
    await this.#work.take(operationIds);
  }

  @rpcMethod()
  async deleteServer(_context: RequestContext, { operationId }: Args<Conductor, "deleteServer">): Promise<void> {
    await this.#work.take([operationId]);
  }

  @rpcMethod()
  async takeOperation(
    _context: RequestContext,
    { operationId, host, owner }: Args<Conductor, "takeOperation">,
  ): Promise<Result<Conductor, "takeOperation">> {
    const lease = this.#world.options.operationLease;
    const taken = await takeForCompute(this.#world.database, { owner, lease }, operationId, host);
    if (!taken) return refused("notYours", { operationId });
    const { operation, server, requestSpec, networkInfo } = taken;
    return ok({ operation, server, requestSpec, networkInfo: [...networkInfo], lease });
  }

  @rpcMethod()
  async renewOperation(
    _context: RequestContext,
    step: Args<Conductor, "renewOperation">,
  ): Promise<Result<Conductor, "renewOperation">> {
    const { operationLease, operationDeadline } = this.#world.options;
    return answer(step, await renewLease(this.#world.database, step, operationLease, operationDeadline));
  }

  @rpcMethod()
  async updateServer(
    _context: RequestContext,
    { changes, events, ...step }: Args<Conductor, "updateServer">,
  ): Promise<Result<Conductor, "updateServer">> {
    return answer(step, await changeServer(this.#world.database, step, changes, events));
  }

  @rpcMethod()
  async finishOperation(
    _context: RequestContext,
    { changes, fault, events, ...step }: Args<Conductor, "finishOperation">,
  ): Promise<Result<Conductor, "finishOperation">> {
    return answer(step, await this.#world.ends.finish(step, { changes, fault, events }));
  }

  @rpcMethod()
  async rescheduleServer(
    _context: RequestContext,
    { fault, events, ...step }: Args<Conductor, "rescheduleServer">,
  ): Promise<Result<Conductor, "rescheduleServer">> {
    const returned = await returnToConductor(this.#world.database, step, { fault, events, takeWithin: TAKE_WITHIN });
    if (returned) await this.#work.take([step.operationId]);
    return answer(step, returned);
  }

  @rpcMethod()
  async operationsOfHost(
    _context: RequestContext,
    { host }: Args<Conductor, "operationsOfHost">,
  ): Promise<Result<Conductor, "operationsOfHost">> {
    return await operationsOfHost(this.#world.database, host);
  }

  @rpcMethod()
  async serversOfHost(
    _context: RequestContext,
    { host }: Args<Conductor, "serversOfHost">,
  ): Promise<Result<Conductor, "serversOfHost">> {
    return await serversOfHost(this.#world.database, host);
  }

  @rpcMethod()
  async knownServers(
    _context: RequestContext,
    { host, serverIds }: Args<Conductor, "knownServers">,
  ): Promise<Result<Conductor, "knownServers">> {
    return await knownServers(this.#world.database, host, serverIds);
  }

  @rpcMethod()
  async syncPowerStates(
    _context: RequestContext,
    { host, servers }: Args<Conductor, "syncPowerStates">,
  ): Promise<void> {
    await savePowerStates(this.#world.database, host, servers);
  }

  @rpcMethod()
  async saveComputeNode({ sender }: RequestContext, { node }: Args<Conductor, "saveComputeNode">): Promise<void> {
    const bound = boundHost(sender);
    if (bound) await this.#checkNode(bound.host, sender, node);
    await saveComputeNode(this.#world.database, node);
  }

  /** A hypervisor's name that comes from another host would take the place of that host's. */
  async #checkNode(host: string, sender: string | undefined, node: ComputeNode): Promise<void> {
    const holder = await hostOfHypervisor(this.#world.database, node.hypervisorHostname);
    const isOwn = node.host === host && node.id === computeNodeId(host, node.hypervisorHostname);
    if (isOwn && (holder ?? host) === host) return;
    throw forbidden(sender, `tell of hypervisor ${node.hypervisorHostname} on ${node.host}`);
  }
}

/** How the owners of a host's conductors begin. */
function ownersOf(host: string): string {
  return `conductor:${encodeURIComponent(host)}:`;
}

function answer({ operationId }: { readonly operationId: string }, done: boolean) {
  return done ? ok() : refused("stale", { operationId });
}
