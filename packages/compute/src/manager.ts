import {
  type Compute,
  type Conductor,
  computeContract,
  conductorContract,
  imageContract,
  type NetworkInfo,
  networkContract,
  type Operation,
  placementContract,
  type RequestedNetworks,
  type Server,
} from "@kilonova/contracts";
import { KeyedMutex, patientCall } from "@kilonova/core";
import {
  type Args,
  type Handlers,
  messageOf,
  ok,
  RequestContext,
  type Result,
  type Rpc,
  type RpcClient,
  refused,
} from "@kilonova/messaging";
import {
  CLOCK,
  type Clock,
  clientTls,
  driver,
  guestDestroy,
  guestPowerOff,
  guestPowerOn,
  guestReboot,
  HOST,
  hasTlsFiles,
  hook,
  inject,
  LOGGER,
  type Logger,
  Manager,
  manager,
  type NetworkDriver,
  type Options,
  options,
  periodicTask,
  RPC,
  rpcMethod,
  serverBuild,
  serverNetworkInfo,
  type VirtDriver,
} from "@kilonova/plugin-api";
import pLimit, { type LimitFunction } from "p-limit";
import { Audit } from "./audit.js";
import { BuildServer } from "./build-server.js";
import { DeleteServer } from "./delete-server.js";
import { HostReporter } from "./host-reporter.js";
import { OperationRunner } from "./operation-runner.js";
import { computeOptions, imageClientOptions } from "./options.js";
import { type PowerAction, PowerActions } from "./power-actions.js";
import { PowerSync } from "./power-sync.js";
import { ResourceTracker } from "./resource-tracker.js";
import { ServerAllocations } from "./server-allocations.js";
import { ServerImages } from "./server-images.js";
import { ServerNetworks } from "./server-networks.js";
import type { TakenOperation } from "./taken-operation.js";

/** How many operations other than builds are worked on at the same time. */
const CONCURRENCY = 32;
/** A start that takes longer says what it waits for. Milliseconds. */
const LONG_START = 5_000;

/** A step of an operation that is running here; hooks round it are told who it is for. */
export interface ServerStep {
  readonly operationId: string;
  readonly server: Server;
}

/** The step of a build that gets the server's interfaces. */
export interface NetworkStep extends ServerStep {
  readonly networks: RequestedNetworks;
}

type Wake = Args<Compute, "buildServer">;

/** The guests of one host, as the conductor has them made, changed and removed. It has no database. */
@manager(computeContract)
export class ComputeManager extends Manager implements Handlers<Compute> {
  readonly #conductor: RpcClient<Conductor>;
  readonly #tracker: ResourceTracker;
  readonly #locks = new KeyedMutex();
  readonly #runner: OperationRunner;
  readonly #builds: LimitFunction;
  readonly #others = pLimit(CONCURRENCY);
  readonly #build: BuildServer;
  readonly #delete: DeleteServer;
  readonly #networks: ServerNetworks;
  readonly #power: PowerActions;
  readonly #reporter: HostReporter;
  readonly #audit: Audit;
  readonly #powerSync: PowerSync;
  /** Guests that told of a change and were not looked at yet. */
  readonly #told = new Set<string>();
  #hearing: Promise<void> | undefined;

  constructor(
    @inject(RPC) rpc: Rpc,
    @inject(HOST) private readonly host: string,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly logger: Logger,
    @options(computeOptions) settings: Options<typeof computeOptions>,
    @driver("compute.driver") private readonly virt: VirtDriver,
    @driver("network.driver") private readonly networkDriver: NetworkDriver,
    @options(imageClientOptions) imageClient: Options<typeof imageClientOptions>,
  ) {
    super();
    const conductor = rpc.client(conductorContract);
    const placement = rpc.client(placementContract);
    const { shutdownTimeout } = settings;
    const world = { conductor, placement, clock, logger, host, virt, locks: this.#locks, shutdownTimeout };
    this.#networks = new ServerNetworks({
      network: rpc.client(networkContract),
      driver: networkDriver,
      clock,
      host,
      vifTypes: virt.vifTypes,
    });
    const networks = this.#networks;
    this.#conductor = conductor;
    this.#tracker = new ResourceTracker(virt, settings);
    this.#runner = new OperationRunner({ ...world, perform: (taken) => this.#perform(taken) });
    this.#builds = pLimit(settings.maxConcurrentBuilds);
    const imageTls = hasTlsFiles(imageClient) ? clientTls("imageClient", imageClient) : undefined;
    const images = new ServerImages(rpc.client(imageContract), clock, imageTls);
    const allocations = new ServerAllocations(placement, clock);
    const steps = { ...world, tracker: this.#tracker, networks, allocations };
    this.#build = new BuildServer({ ...steps, images });
    this.#delete = new DeleteServer(steps);
    this.#power = new PowerActions({ ...world, networks });
    this.#reporter = new HostReporter(world);
    this.#audit = new Audit({ ...world, networks, runner: this.#runner });
    this.#powerSync = new PowerSync({ ...world, runner: this.#runner });
  }

  /** Finds the guests that are here, and tells what the host has. Waits for conductor and placement as long as it takes. */
  override async initHost(context: RequestContext): Promise<void> {
    await this.virt.initHost(this.host);
    await this.networkDriver.initHost(this.host);
    await this.#patiently(async () => {
      await this.#audit.destroyOrphans(context, Number.POSITIVE_INFINITY);
      await this.#report(context, Number.POSITIVE_INFINITY);
    });
    this.virt.onGuestEvent?.(({ serverId }) => this.#hear(serverId));
  }

  /** Goes on with what an earlier life of this compute has left. */
  override async postStartHook(context: RequestContext): Promise<void> {
    const operations = await patientCall(this.clock, context.signal, () =>
      this.#conductor.call.operationsOfHost(context, { host: this.host }),
    );
    await Promise.all(operations.map(({ id }) => this.#runner.wake(context, id)));
  }

  override async cleanupHost(context: RequestContext): Promise<void> {
    await this.#runner.drain(context.signal);
    await this.#hearing;
    await this.virt.cleanupHost();
  }

  @rpcMethod() async buildServer(context: RequestContext, { operationId }: Wake): Promise<void> {
    await this.#runner.wake(context, operationId);
  }

  @rpcMethod() async deleteServer(context: RequestContext, { operationId }: Wake): Promise<void> {
    await this.#runner.wake(context, operationId);
  }

  @rpcMethod() async startServer(context: RequestContext, { operationId }: Wake): Promise<void> {
    await this.#runner.wake(context, operationId);
  }

  @rpcMethod() async stopServer(context: RequestContext, { operationId }: Wake): Promise<void> {
    await this.#runner.wake(context, operationId);
  }

  @rpcMethod() async rebootServer(context: RequestContext, { operationId }: Wake): Promise<void> {
    await this.#runner.wake(context, operationId);
  }

  @rpcMethod()
  async getConsoleOutput(
    _context: RequestContext,
    { serverId, length }: Args<Compute, "getConsoleOutput">,
  ): Promise<Result<Compute, "getConsoleOutput">> {
    if ((await this.virt.getPowerState(serverId)) === undefined) return refused("serverNotFound", { serverId });
    const output = await this.virt.getConsoleOutput(serverId, length);
    return output === null ? refused("notSupported", {}) : ok(output);
  }

  /** Counts anew what the host has and uses, reports it, and removes what belongs to no server. */
  @periodicTask({ every: "option:compute.updateResourcesInterval" })
  async updateAvailableResource(context: RequestContext): Promise<void> {
    const providerId = await this.#report(context);
    await this.#audit.freeAllocations(context, providerId);
    await this.#audit.destroyOrphans(context);
  }

  @periodicTask({ every: "option:compute.syncPowerStateInterval", runImmediately: true })
  async syncPowerStates(context: RequestContext): Promise<void> {
    await this.#powerSync.run(context);
  }

  /** Makes the guest of a new server on this host; a veto ends the build in the hook's words. */
  @hook(serverBuild)
  async build(context: RequestContext, step: ServerStep): Promise<{ readonly networkInfo: NetworkInfo }> {
    const taken = this.#taken(step);
    const networks = taken.requestSpec?.networks ?? "auto";
    const networkInfo = await this.#build.make(taken, () => this.allocateNetworks(context, { ...step, networks }));
    return { networkInfo };
  }

  /** Has the network service give a new server its ports and addresses. */
  @hook(serverNetworkInfo)
  async allocateNetworks(_context: RequestContext, { networks, ...step }: NetworkStep): Promise<NetworkInfo> {
    return await this.#networks.allocate(this.#taken(step), networks);
  }

  /** Removes a server from this host. */
  @hook(guestDestroy)
  async remove(_context: RequestContext, step: ServerStep): Promise<void> {
    await this.#delete.remove(this.#taken(step));
  }

  @hook(guestPowerOn)
  async start(_context: RequestContext, step: ServerStep): Promise<void> {
    await this.#power.start(this.#taken(step));
  }

  @hook(guestPowerOff)
  async stop(_context: RequestContext, step: ServerStep): Promise<void> {
    await this.#power.stop(this.#taken(step));
  }

  @hook(guestReboot)
  async reboot(_context: RequestContext, step: ServerStep): Promise<void> {
    await this.#power.reboot(this.#taken(step));
  }

  /** One at a time for a server; of builds and of everything else, so many at a time in all. */
  async #perform(taken: TakenOperation): Promise<void> {
    const { action } = taken.operation;
    const pool = action === "create" ? this.#builds : this.#others;
    await this.#locks.run(taken.server.id, () => pool(() => this.#step(action, taken)));
  }

  #step(action: Operation["action"], taken: TakenOperation): Promise<void> {
    const step: ServerStep = { operationId: taken.id, server: taken.server };
    const { context } = taken;
    if (action === "create") return this.#build.run(taken, () => this.build(context, step));
    if (action === "delete") return this.#delete.run(taken, () => this.remove(context, step));
    const attempts: Record<PowerAction, () => Promise<void>> = {
      start: () => this.start(context, step),
      stop: () => this.stop(context, step),
      reboot: () => this.reboot(context, step),
    };
    return this.#power.run(action, taken, attempts[action]);
  }

  #taken({ operationId }: ServerStep): TakenOperation {
    const taken = this.#runner.running(operationId);
    if (!taken) throw new Error(`operation ${operationId} is not running here`);
    return taken;
  }

  /** Says what a start is waiting for when it takes long. */
  async #patiently(work: () => Promise<void>): Promise<void> {
    const done = new AbortController();
    const note = () => this.logger.warn({}, "waiting for the conductor and placement to answer");
    void this.clock.sleep(LONG_START, done.signal).then(note, () => {});
    try {
      await work();
    } finally {
      done.abort();
    }
  }

  /** @returns the id of this host's provider */
  async #report(context: RequestContext, patience?: number): Promise<string> {
    const { host } = this;
    const servers = await patientCall(
      this.clock,
      context.signal,
      () => this.#conductor.call.serversOfHost(context, { host }),
      patience,
    );
    this.#tracker.setServers(servers);
    const usage = await this.#tracker.usage();
    await this.#reporter.report(context, usage, patience);
    return this.#reporter.nodeId(usage.resources.hypervisorHostname);
  }

  /** A guest says that it changed by itself. Many may say so at once: they are looked at together. */
  #hear(serverId: string): void {
    this.#told.add(serverId);
    this.#hearing ??= this.#lookAtTold().finally(() => {
      this.#hearing = undefined;
    });
  }

  async #lookAtTold(): Promise<void> {
    while (this.#told.size > 0) {
      const told = new Set(this.#told);
      this.#told.clear();
      try {
        await this.#powerSync.run(RequestContext.admin(), told);
      } catch (error) {
        this.logger.warn(
          { error: messageOf(error) },
          "guests that changed by themselves could not be looked at; the power sync will",
        );
      }
    }
  }
}
