import type { OptionGroup } from "@kilonova/config";
import { KilonovaError, type Listener, type RpcContract, type RpcEndpoint } from "@kilonova/messaging";
import {
  HOST,
  LOGGER,
  type Logger,
  type Manager,
  NOTIFICATIONS,
  type ServiceGroupDriver,
  type ServiceRecord,
} from "@kilonova/plugin-api";
import type { ServiceState } from "../admin/health.js";
import type { Container } from "../container/container.js";
import { endpointOf } from "../container/explorer.js";
import { checkDeclaredOptions } from "../declared-options.js";
import { addTaskMetrics } from "../metrics/task-metrics.js";
import { servicegroupOptions, serviceOptions, transportOptions } from "../options.js";
import { programName, programPlaces } from "../process/program.js";
import { Runtime } from "../runtime.js";
import { PeriodicTasks } from "./periodic-tasks.js";
import type { ServiceRegistration } from "./service-records.js";
import { intervalsOf, managerPath, type ServiceIntervals, type ServiceSettings, topicOf } from "./service-settings.js";
import { watchStep } from "./step-watch.js";
import { LEAVING_TIME, leavingStep } from "./way-out.js";

/** Milliseconds that a service's way out may take as a whole, after `service.gracefulShutdownTimeout`. */
export const LONGEST_WAY_OUT = 5 * LEAVING_TIME;

/**
 * A manager with a life: it has a record, hears its topic, runs its periodic tasks, and counts as alive until it stops.
 *
 * @example
 * const service = await Service.create({ binary: "kilonova-example" });
 * await service.serve();
 * await service.wait();
 */
export class Service {
  #record: ServiceRecord | undefined;
  #listener: Listener | undefined;
  #tasks: PeriodicTasks | undefined;
  #group: ServiceGroupDriver | undefined;
  #starting: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  readonly #ending = new AbortController();
  readonly #stopped = new StopSignal();

  private constructor(
    readonly runtime: Runtime,
    readonly binary: string,
    readonly topic: string,
    readonly host: string,
    readonly manager: Manager,
    private readonly endpoints: readonly RpcEndpoint[],
    private readonly container: Container,
    private readonly logger: Logger,
    private readonly intervals: ServiceIntervals,
    private readonly ownsRuntime: boolean,
  ) {}

  /**
   * Finds the manager by its object path, makes it with all that it asks for, and checks that it answers its contract.
   *
   * @throws KilonovaError `object.*`, `contract.invalid`, `service.failedToStart`, `transport.*`; ConfigurationError
   */
  static async create(settings: ServiceSettings = {}): Promise<Service> {
    const binary = settings.binary ?? programName();
    const runtime = settings.runtime ?? (await ownRuntime(binary, settings.groups ?? []));
    try {
      return await Service.#make(runtime, binary, settings);
    } catch (error) {
      if (!settings.runtime) await runtime.close();
      throw error;
    }
  }

  static async #make(runtime: Runtime, binary: string, settings: ServiceSettings): Promise<Service> {
    const topic = topicOf(binary, settings);
    const host = settings.host ?? runtime.configuration.get(serviceOptions).host;
    const logger = runtime.logger.child({ service: topic });
    const container = runtime.container.child();
    container.register(HOST, host);
    container.register(LOGGER, logger);
    container.register(NOTIFICATIONS, runtime.notifications.publisher(`${topic}.${host}`));
    const path = settings.manager ?? managerPath(runtime.configuration, topic);
    const manager = (await container.load(path, `option ${topic}.manager`, "service", [`${topic}.manager`])) as Manager;
    const endpoints = [manager, ...manager.additionalEndpoints].map((object) =>
      endpointOf(container.adopt(object), container),
    );
    for (const { contract } of endpoints) checkTopic(contract, topic, path);
    checkDeclaredOptions(runtime.configuration);
    runtime.dumpOptions();
    const intervals = intervalsOf(runtime.configuration, settings);
    runtime.health.service(`${topic} on ${host}`, "starting");
    return new Service(
      runtime,
      binary,
      topic,
      host,
      manager,
      endpoints,
      container,
      logger,
      intervals,
      !settings.runtime,
    );
  }

  /**
   * Starts it: when this resolves it can be called. A process without a database waits here for a conductor. A step of
   * the manager that takes long is named in the log; `stop` gives the start up.
   *
   * @throws what the manager's hooks throw, or KilonovaError `rpc.cancelled` where it was stopped meanwhile; it has
   *   stopped then, and only its record, where it had one, is left
   */
  async serve(): Promise<void> {
    this.#starting = this.#start();
    // A hook of the manager may ignore that the start was given up, and never end.
    const stopped = this.#stopped.wait().then(() => this.#throwIfEnding());
    try {
      await Promise.race([this.#starting, stopped]);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#tellHealth("up");
    if (this.ownsRuntime) {
      this.runtime.hooks.warnOfUnknownPoints();
      this.runtime.started();
    }
    this.logger.info({ topic: this.topic }, "the service is up");
  }

  /** Resolves when it has stopped. */
  async wait(): Promise<void> {
    await this.#stopped.wait();
  }

  /**
   * SIGTERM: takes no new work, lets running work end within `service.gracefulShutdownTimeout`, cleans up, leaves the
   * service group. A service that is just starting gives that up. Safe to repeat.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop(async () => {});
    return this.#stopping;
  }

  /** Stops it and forgets it: its record is gone. */
  async kill(): Promise<void> {
    const before = this.#stopping;
    this.#stopping ??= this.#stop(() => this.#forget());
    await this.#stopping;
    if (before) await this.#forget();
  }

  /** SIGHUP: options that may change are read again, and the manager drops what it has cached. */
  async reload(): Promise<void> {
    await this.runtime.reload();
    await this.reset();
  }

  /** The manager drops what it has cached; options have been read again. */
  async reset(): Promise<void> {
    await this.#watch("reset", () => this.manager.reset());
  }

  async #start(): Promise<void> {
    const { state } = this.runtime;
    const context = this.runtime.context().withSignal(this.#ending.signal);
    const steps = [
      // It says by itself what it waits for.
      () => state.ready(context),
      () => this.#watch("the service group's driver", () => this.#loadGroup()),
      () => this.#watch("initHost", () => this.manager.initHost(context)),
      () => this.#watch("its record", () => this.#register()),
      () => this.#watch("preStartHook", () => this.manager.preStartHook(context)),
      () => this.#watch("its RPC listener", () => this.#listen()),
      () => this.#watch("postStartHook", () => this.manager.postStartHook(context)),
      () => this.#watch("the service group", () => this.#join()),
      async () => this.#startTasks(),
    ];
    for (const step of steps) {
      this.#throwIfEnding();
      await step();
    }
  }

  #throwIfEnding(): void {
    if (!this.#ending.signal.aborted) return;
    throw new KilonovaError("rpc.cancelled", `Service ${this.topic} was stopped while it started.`);
  }

  #watch<Value>(step: string, work: () => Promise<Value>): Promise<Value> {
    const { clock } = this.runtime;
    const manager = this.manager.constructor.name;
    return watchStep({ clock, logger: this.logger }, step, work, () => {
      const tasks = this.#tasks?.running() ?? [];
      return tasks.length > 0 ? { manager, tasks } : { manager };
    });
  }

  async #register(): Promise<void> {
    this.#record = await this.runtime.state.serviceRecords.register(this.#registration());
  }

  async #listen(): Promise<void> {
    const { rpc, configuration } = this.runtime;
    const { concurrency: usual, concurrencyOf } = configuration.get(transportOptions);
    const concurrency = concurrencyOf[this.topic] ?? usual;
    this.#listener = await rpc.serve({ topic: this.topic, server: this.host }, this.endpoints, { concurrency });
  }

  async #join(): Promise<void> {
    if (this.#record) await this.#group?.join(this.#record, this.intervals.report);
  }

  #startTasks(): void {
    const { configuration, clock, state } = this.runtime;
    const { logger, topic } = this;
    const world = { configuration, clock, logger, topic, locks: () => state.locks, interval: this.intervals.periodic };
    this.#tasks = new PeriodicTasks(this.manager, world);
    addTaskMetrics(this.runtime.metrics, topic, this.#tasks);
    this.#tasks.start();
  }

  #registration(): ServiceRegistration {
    const { binary, topic, host, endpoints } = this;
    return {
      binary,
      topic,
      host,
      contracts: Object.fromEntries(endpoints.map(({ contract }) => [contract.name, contract.version])),
    };
  }

  async #loadGroup(): Promise<void> {
    const { driver } = this.runtime.configuration.get(servicegroupOptions);
    const asked = "option servicegroup.driver";
    this.#group = (await this.container.load(driver, asked, "servicegroup-driver")) as ServiceGroupDriver;
  }

  async #stop(last: () => Promise<void>): Promise<void> {
    const { gracefulShutdownTimeout } = this.runtime.configuration.get(serviceOptions);
    this.#ending.abort();
    this.#tellHealth("stopping");
    if (this.ownsRuntime) this.runtime.health.stopping();
    await this.#step("finish its work", () => this.#finish(), gracefulShutdownTimeout);
    const context = this.runtime.context().within(LEAVING_TIME);
    await this.#step("clean up", () => this.manager.cleanupHost(context));
    await this.#step("leave the service group", async () => {
      if (this.#record) await this.#group?.leave(this.#record);
    });
    await this.#step("be forgotten", last);
    this.#tellHealth("stopped");
    this.logger.info({}, "the service has stopped");
    if (this.ownsRuntime) await this.#step("close its runtime", () => this.runtime.close());
    this.#stopped.give();
  }

  #tellHealth(state: ServiceState): void {
    this.runtime.health.service(`${this.topic} on ${this.host}`, state);
  }

  async #finish(): Promise<void> {
    await this.#starting.catch(() => {});
    await Promise.all([this.#listener?.stop(), this.#tasks?.stop()]);
  }

  async #forget(): Promise<void> {
    if (this.#record) await this.runtime.state.serviceRecords.remove(this.#record.id);
  }

  async #step(what: string, work: () => Promise<void>, limit?: number): Promise<void> {
    const manager = this.manager.constructor.name;
    await leavingStep(this.logger, what, () => this.#watch(what, work), limit, { manager });
  }
}

/** The runtime of a service that is a program of its own; packages are found beside the program too. */
function ownRuntime(program: string, groups: readonly OptionGroup[]): Promise<Runtime> {
  return Runtime.create({ program, argv: process.argv.slice(2), groups, places: programPlaces() });
}

/** Whoever has the contract sends to its topic. */
function checkTopic({ name, topic }: RpcContract, served: string, path: string): void {
  if (topic === served) return;
  throw new KilonovaError(
    "service.failedToStart",
    `${path} answers contract ${name}, which is called on topic ${topic}; the service listens on ${served}.`,
  );
}

class StopSignal {
  give: () => void = () => {};
  readonly #given = new Promise<void>((resolve) => {
    this.give = resolve;
  });

  wait(): Promise<void> {
    return this.#given;
  }
}
