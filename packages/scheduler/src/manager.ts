import { type Scheduler, schedulerContract } from "@kilonova/contracts";
import { type Args, type Handlers, messageOf, type RequestContext, type Result } from "@kilonova/messaging";
import {
  driver,
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
import { HOST_TABLE, type HostTable } from "./host-table.js";

/** Finds hosts: asks the strategy that option `scheduler.driver` names, and keeps up to date what it decides on. */
@manager(schedulerContract)
export class SchedulerManager extends Manager implements Handlers<Scheduler> {
  constructor(
    @driver("scheduler.driver") private readonly strategy: SchedulerDriver,
    @inject(HOST_TABLE) private readonly hosts: HostTable,
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

  @rpcMethod()
  @hook(schedulerSelectDestinations)
  selectDestinations(
    context: RequestContext,
    args: Args<Scheduler, "selectDestinations">,
  ): Promise<Result<Scheduler, "selectDestinations">> {
    return this.strategy.selectDestinations(context, args);
  }

  @periodicTask({ every: "option:scheduler.mirrorInterval", timeLimit: "60s" })
  async followPlacement(_context: RequestContext): Promise<void> {
    await this.hosts.mirror.catchUp();
  }

  @periodicTask({ every: "option:scheduler.mirrorCheckInterval", timeLimit: "5m" })
  async checkMirror(_context: RequestContext): Promise<void> {
    await this.hosts.mirror.check();
  }

  @periodicTask({ every: "option:scheduler.hostRefreshInterval", timeLimit: "60s" })
  async refreshHosts(_context: RequestContext): Promise<void> {
    await this.hosts.reload();
  }
}
