import { type Configuration, type LoadSettings, loadConfiguration, type OptionGroup } from "@kilonova/config";
import { KilonovaError, RequestContext, Rpc, type Transport } from "@kilonova/messaging";
import {
  BASE_DIRECTORY,
  CLOCK,
  type Clock,
  DRIVER_STATE,
  HOST,
  LOGGER,
  NOTIFICATIONS,
  type Notifications,
  RPC,
  type ServiceGroupDriver,
  serviceDegraded,
  systemClock,
} from "@kilonova/plugin-api";
import { Health } from "./admin/health.js";
import { ProcessAdmin } from "./admin/process-admin.js";
import { Container } from "./container/container.js";
import { Hooks } from "./hooks/hooks.js";
import { loadTransport } from "./load-transport.js";
import { LOCKS } from "./locks/locks.js";
import type { ProcessLogger } from "./logging.js";
import type { LoopWatch } from "./loop-watch/loop-watch.js";
import { addHookMetrics } from "./metrics/hook-metrics.js";
import { METRICS, type Metrics, noMetrics } from "./metrics/metrics.js";
import { addQueueMetrics } from "./metrics/queue-metrics.js";
import { NotificationCenter } from "./notifications/notification-center.js";
import { connectNotifications, failureObserver } from "./notifications/notification-outlets.js";
import { OptionDump } from "./option-dump.js";
import {
  adminOptions,
  hooksOptions,
  logOptions,
  notificationsOptions,
  pluginsOptions,
  servicegroupOptions,
  serviceOptions,
  tracingOptions,
  transportOptions,
} from "./options.js";
import { enterHooks, type LoadedHook, loadHooks } from "./plugins/enter-hooks.js";
import { logCatalog, warnOfMissing } from "./plugins/log-catalog.js";
import type { PluginCatalog } from "./plugins/plugin-catalog.js";
import type { Degradation } from "./plugins/plugin-start.js";
import type { ProcessPlugins } from "./plugins/start-plugins.js";
import { beginProcess, type ProcessBeginning } from "./process/begin-process.js";
import { deadCastObserver, remoteStacks } from "./rpc-log.js";
import { SERVICE_RECORDS } from "./service/service-records.js";
import { ServiceVersions } from "./service/service-versions.js";
import { conductorState } from "./state/conductor-state.js";
import type { FrameworkState } from "./state/framework-state.js";
import { memoryState } from "./state/memory-state.js";
import { traceDriver } from "./tracing/driver-spans.js";
import { rpcSpans } from "./tracing/rpc-spans.js";
import { startTracing, type Tracing } from "./tracing/start-tracing.js";
import { Weaver } from "./weaver.js";

/** The groups that every process has. */
export const RUNTIME_GROUPS: readonly OptionGroup[] = [
  serviceOptions,
  servicegroupOptions,
  transportOptions,
  hooksOptions,
  pluginsOptions,
  logOptions,
  notificationsOptions,
  tracingOptions,
  adminOptions,
];

/** Makes the framework's state where a process has a database. */
export type StateFactory = (runtime: Runtime) => Promise<FrameworkState>;

/** What a process is made of; every field has a sensible value. */
export interface RuntimeSettings extends Partial<Omit<LoadSettings, "groups">> {
  /** A configuration that was loaded already. */
  readonly configuration?: Configuration;
  /** What was begun already with that configuration; the runtime closes it, and where it cannot be made it is closed too. */
  readonly beginning?: ProcessBeginning;
  /** What the process is called in traces, such as `kilonova-conductor`; the program's name where nothing is said. */
  readonly name?: string;
  /** Further groups that the process knows. */
  readonly groups?: readonly OptionGroup[];
  /** URLs of modules beside which packages in the box are found. */
  readonly places?: readonly string[];
  /** Without it, the state is with a conductor or in memory, as `service.state` says. */
  readonly state?: StateFactory;
  readonly clock?: Clock;
}

/**
 * What stands behind the services of a process: configuration, container, transport, logs. A value that is handed on,
 * never a global: tests have several.
 */
export class Runtime {
  readonly rpc: Rpc;
  readonly container: Container;
  readonly hooks: Hooks;
  /** Where it is told what happens. */
  readonly notifications: NotificationCenter;
  /** Where services tell what is to be measured of them. */
  readonly metrics: Metrics;
  readonly #optionDump: OptionDump;
  #enteredHooks: readonly LoadedHook[] = [];
  readonly #publisher: Notifications;
  readonly #versions: ServiceVersions;
  #state: FrameworkState | undefined;
  #tracing: Tracing | undefined;

  private constructor(
    readonly configuration: Configuration,
    readonly logger: ProcessLogger,
    readonly clock: Clock,
    readonly transport: Transport,
    private readonly plugins: ProcessPlugins,
    private readonly loopWatch: LoopWatch,
    readonly health: Health,
    /** Where it is asked how it is; undefined where nobody asks. */
    readonly admin: ProcessAdmin | undefined,
  ) {
    const { host } = configuration.get(serviceOptions);
    this.notifications = new NotificationCenter({ clock, logger, options: configuration.get(notificationsOptions) });
    this.#versions = new ServiceVersions({
      pins: () => configuration.get(serviceOptions).upgradeLevels,
      records: () => this.state.serviceRecords,
      group: () => this.#serviceGroup(),
    });
    const isTraced = configuration.get(tracingOptions).exporter !== undefined;
    this.metrics = admin?.metrics ?? noMetrics;
    const tellFailure = failureObserver(logger, this.notifications);
    this.rpc = new Rpc(transport, {
      onFailure: (failure) => {
        admin?.metrics.rpc.failed(failure);
        tellFailure(failure);
      },
      onDeadCast: deadCastObserver(logger),
      stacks: remoteStacks(logger, () => configuration.get(logOptions).level),
      observers: [...(admin ? [admin.metrics.rpc] : []), ...(isTraced ? [rpcSpans] : [])],
      pins: this.#versions,
    });
    addQueueMetrics(this.metrics, transport);
    this.hooks = new Hooks(logger, plugins.loader.hookPoints);
    addHookMetrics(this.metrics, this.hooks);
    const weaver = new Weaver({ hooks: this.hooks, clock, locks: () => this.state.locks });
    this.container = new Container(configuration, plugins.loader, (made) => {
      if (isTraced) traceDriver(made);
      weaver.weave(made);
    });
    this.#optionDump = new OptionDump(configuration, logger);
    this.container.register(RPC, this.rpc);
    this.container.register(METRICS, this.metrics);
    this.container.register(CLOCK, clock);
    this.container.register(LOGGER, logger);
    this.container.register(BASE_DIRECTORY, configuration.baseDirectory);
    this.container.register(HOST, host);
    this.#publisher = this.notifications.publisher(`${configuration.program}.${host}`);
    this.container.register(NOTIFICATIONS, this.#publisher);
  }

  /**
   * Loads the configuration, connects the transport, and makes ready what services need.
   *
   * @throws ConfigurationError; KilonovaError `object.*` and `plugin.unfit` for the transport, and for plugins that the
   *   process does not go on without; `transport.unreachable`
   */
  static async create(settings: RuntimeSettings = {}): Promise<Runtime> {
    const groups = [...RUNTIME_GROUPS, ...(settings.groups ?? [])];
    const configuration =
      settings.configuration ?? (await loadConfiguration({ program: "kilonova", ...settings, groups }));
    configuration.register(...groups);
    const clock = settings.clock ?? systemClock;
    const { logger, loopWatch, plugins } = settings.beginning ?? (await beginProcess(configuration, settings.places));
    const health = new Health();
    let admin: ProcessAdmin | undefined;
    try {
      admin = await ProcessAdmin.start(configuration, health, logger);
      const transport = await loadTransport(configuration, plugins.loader);
      const runtime = new Runtime(configuration, logger, clock, transport, plugins, loopWatch, health, admin);
      await runtime.#prepare(settings);
      return runtime;
    } catch (error) {
      await admin?.stop();
      await loopWatch.stop();
      throw error;
    }
  }

  /** The plugins that are available to this process. */
  get catalog(): PluginCatalog {
    return this.plugins.catalog;
  }

  /** The plugins that it does without, and counts as degraded for. */
  get degradations(): readonly Degradation[] {
    return this.plugins.start.degradations;
  }

  get state(): FrameworkState {
    if (!this.#state) throw new KilonovaError("internal", "the runtime is not prepared yet");
    return this.#state;
  }

  /**
   * The process is up: the log says which plugins it has, and who started it need not be told any more at the terminal of
   * what blocks it.
   */
  started(): void {
    this.health.serving();
    this.loopWatch.started();
    logCatalog(this.logger, this.catalog, this.#enteredHooks);
  }

  /** SIGHUP: reads the options that may change again, and drops the versions of services that were found out. */
  async reload(): Promise<void> {
    const { changed, ignored } = await this.configuration.reload();
    const { level } = this.configuration.get(logOptions);
    this.logger.setLevel(level);
    this.loopWatch.setLevel(level);
    this.#versions.reset();
    this.logger.info({ changed, ignored }, "the configuration was read again");
    this.hooks.logSummary();
  }

  /** Lets go of the transport. Services are stopped before. */
  async close(): Promise<void> {
    await this.notifications.close();
    this.hooks.logSummary();
    await this.transport.close();
    await this.#tracing?.stop();
    await this.admin?.stop();
    await this.loopWatch.stop();
    this.logger.flush();
  }

  async #prepare({ state: makeState, name = this.configuration.program }: RuntimeSettings): Promise<void> {
    try {
      this.#tracing = await startTracing(name, this.configuration, this.plugins.loader, this.logger);
      await this.transport.connect();
      this.health.needs("transport", async () => this.transport.check?.());
      this.#state = makeState ? await makeState(this) : this.#stateElsewhere();
      this.container.register(SERVICE_RECORDS, this.state.serviceRecords);
      this.container.register(LOCKS, this.state.locks);
      this.container.register(DRIVER_STATE, this.state.driverState);
      warnOfMissing(this.logger, this.catalog);
      this.#enteredHooks = await loadHooks(this.configuration, this.plugins);
      enterHooks(this.#enteredHooks, this.hooks, this.container);
      await connectNotifications(
        this.notifications,
        this.configuration.get(notificationsOptions),
        this.rpc,
        this.container,
      );
      this.plugins.start.tellDegradations((each) => this.#publisher.error(this.context(), serviceDegraded, each));
      this.dumpOptions();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #serviceGroup(): Promise<ServiceGroupDriver> {
    const { driver } = this.configuration.get(servicegroupOptions);
    return (await this.container.load(
      driver,
      "option servicegroup.driver",
      "servicegroup-driver",
    )) as ServiceGroupDriver;
  }

  #stateElsewhere(): FrameworkState {
    const { host, state } = this.configuration.get(serviceOptions);
    const isAlone = this.configuration.get(transportOptions).driver === transportOptions.schema.parse({}).driver;
    if (state === "memory" || (state === "auto" && isAlone)) return memoryState(this.clock);
    return conductorState(this.rpc, host, this.clock, this.logger);
  }

  /** Logs, at debug, the options that were declared since it was last called; once a service is loaded, too. */
  dumpOptions(): void {
    this.#optionDump.write();
  }

  /** A context for what the process does by itself. */
  context(): RequestContext {
    return RequestContext.admin();
  }
}
