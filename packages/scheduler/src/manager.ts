import { type Scheduler, type SchedulerChain, schedulerContract } from "@kilonova/contracts";
import {
  type Args,
  type Handlers,
  messageOf,
  ok,
  type RequestContext,
  type Result,
  refused,
} from "@kilonova/messaging";
import {
  driver,
  HOST,
  hook,
  inject,
  LOGGER,
  type Logger,
  Manager,
  manager,
  periodicTask,
  rpcMethod,
  type SchedulerDriver,
  schedulerSelectDestinations,
} from "@kilonova/plugin-api";
import { CHAIN_LOADER, type ChainLoader } from "./chain/chain-loader.js";
import { CHAINS, type Chains } from "./chain/chains.js";
import { DECISION_ARCHIVE, type DecisionArchive } from "./decisions/decision-archive.js";
import { HOST_TABLE, type HostTable } from "./hosts/host-table.js";

/** Hypervisors and services are read for at most one part in so many of the time. */
const REST = 20;

/** Finds hosts: asks the strategy that option `scheduler.driver` names, and keeps up to date what it decides on. */
@manager(schedulerContract)
export class SchedulerManager extends Manager implements Handlers<Scheduler> {
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(
    @driver("scheduler.driver") private readonly strategy: SchedulerDriver,
    @inject(HOST_TABLE) private readonly hosts: HostTable,
    @inject(CHAINS) private readonly chains: Chains,
    @inject(CHAIN_LOADER) private readonly loader: ChainLoader,
    @inject(DECISION_ARCHIVE) private readonly archive: DecisionArchive,
    @inject(HOST) private readonly host: string,
    @inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  /** Reads everything once. Placement may start later than this service: then the first request waits for it. */
  override async initHost(_context: RequestContext): Promise<void> {
    await this.hosts.refresh().catch((error: unknown) => {
      this.logger.info({ error: messageOf(error) }, "placement does not answer yet");
    });
  }

  /** Puts the chains into force that the options describe now; where one cannot be had, those before stay. */
  override async reset(): Promise<void> {
    const before = this.chains.digest;
    try {
      this.chains.replace(await this.loader.load());
    } catch (error) {
      this.logger.error(
        { chain: before, error: messageOf(error) },
        "the chains stay as they were: new ones cannot be had",
      );
      return;
    }
    if (this.chains.digest === before) return;
    this.logger.info({ before, now: this.chains.digest }, "the chains have changed");
  }

  override async cleanupHost(_context: RequestContext): Promise<void> {
    await this.archive.close();
  }

  @rpcMethod()
  @hook(schedulerSelectDestinations)
  selectDestinations(
    context: RequestContext,
    args: Args<Scheduler, "selectDestinations">,
  ): Promise<Result<Scheduler, "selectDestinations">> {
    return this.strategy.selectDestinations(context, args);
  }

  @rpcMethod()
  async dryRun(
    context: RequestContext,
    { requestSpec, servers, ignoredHosts }: Args<Scheduler, "dryRun">,
  ): Promise<Result<Scheduler, "dryRun">> {
    if (!this.strategy.dryRun) return refused("notSupported", { strategy: this.strategy.constructor.name });
    // Ids that no server has: whoever looks for what they have finds nothing.
    const imagined = Array.from({ length: servers }, (_, index) => ({ serverId: `dry-run-${index + 1}`, fence: 0 }));
    return ok(await this.strategy.dryRun(context, { requestSpec, servers: imagined, alternates: 2, ignoredHosts }));
  }

  @rpcMethod()
  async chain(_context: RequestContext): Promise<SchedulerChain> {
    return this.chains.describe(this.host);
  }

  /** What comes while it reads is seen to by one reading more. */
  @rpcMethod()
  async hostsChanged(_context: RequestContext): Promise<void> {
    await this.hosts.reload();
  }

  @periodicTask({ every: "option:scheduler.mirrorInterval", timeLimit: "60s" })
  async followPlacement(_context: RequestContext): Promise<void> {
    await this.hosts.mirror.catchUp();
  }

  @periodicTask({ every: "option:scheduler.mirrorCheckInterval", timeLimit: "5m" })
  async checkMirror(_context: RequestContext): Promise<void> {
    await this.hosts.mirror.check();
  }

  /** Not at each interval where there are so many hosts that reading them takes long. */
  @periodicTask({ every: "option:scheduler.hostRefreshInterval", timeLimit: "60s" })
  async refreshHosts(_context: RequestContext): Promise<void> {
    if (performance.now() - this.#readAt < REST * this.hosts.readTime) return;
    await this.hosts.reload();
    this.#readAt = performance.now();
  }

  @periodicTask({ every: "10m", once: "cluster", timeLimit: "10m" })
  async forgetDecisions(context: RequestContext): Promise<void> {
    await this.archive.forget(context.signal);
  }
}
