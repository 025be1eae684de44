import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import type { OptionGroup } from "@kilonova/config";
import { KilonovaError, type Listener, messageOf, type RpcContract, type RpcEndpoint } from "@kilonova/messaging";
import {
  HOST,
  LOGGER,
  type Logger,
  type Manager,
  type ServiceGroupDriver,
  type ServiceRecord,
} from "@kilonova/plugin-api";
import type { Container } from "./container.js";
import { checkDeclaredOptions } from "./declared-options.js";
import { endpointOf } from "./explorer.js";
import { servicegroupOptions, serviceOptions, transportOptions } from "./options.js";
import { PeriodicTasks } from "./periodic-tasks.js";
import { Runtime } from "./runtime.js";
import type { ServiceRegistration } from "./service-records.js";
import { withinTime } from "./within-time.js";

const BINARY_PREFIX = "kilonova-";

/** What a service is; every field has a default. */
export interface ServiceSettings {
  /** The process it is in; without one, a runtime of its own, from the program's command line and environment. */
  readonly runtime?: Runtime;
  /** `service.host` unless given. */
  readonly host?: string;
  /** `kilonova-compute`; the program's name unless given. */
  readonly binary?: string;
  /** The binary less its prefix unless given. */
  readonly topic?: string;
  /** The object path of its manager; option `<topic>.manager` unless given. */
  readonly manager?: string;
  /** Without a runtime: groups of options that are known before anything is loaded, that of the manager's path among them. */
  readonly groups?: readonly OptionGroup[];
}

/** Milliseconds for a service's way out once its work has ended, or has been given up. */
const LEAVING_TIME = 5_000;

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
    private readonly ownsRuntime: boolean,
  ) {}

  /**
   * Finds the manager by its object path, makes it with all that it asks for, and checks that it answers its contract.
   *
   * @throws KilonovaError `object.*`, `contract.invalid`, `service.failedToStart`, `transport.*`; ConfigurationError
   */
  static async create(settings: ServiceSettings = {}): Promise<Service> {
    const binary = settings.binary ?? basename(process.argv[1] ?? "kilonova", ".js");
    const runtime = settings.runtime ?? (await ownRuntime(binary, settings.groups ?? []));
    try {
      return await Service.#make(runtime, binary, settings);
    } catch (error) {
      if (!settings.runtime) await runtime.close();
      throw error;
    }
  }

  static async #make(runtime: Runtime, binary: string, settings: ServiceSettings): Promise<Service> {
    const topic = settings.topic ?? binary.replace(BINARY_PREFIX, "");
    const host = settings.host ?? runtime.configuration.get(serviceOptions).host;
    const logger = runtime.logger.child({ service: topic });
    const container = runtime.container.child();
    container.register(HOST, host);
    container.register(LOGGER, logger);
    const path = settings.manager ?? managerPath(runtime, topic);
    const manager = (await container.load(path, `option ${topic}.manager`, "service", [`${topic}.manager`])) as Manager;
    const endpoints = [manager, ...manager.additionalEndpoints].map((object) => endpointOf(container.adopt(object)));
    for (const { contract } of endpoints) checkTopic(contract, topic, path);
    checkDeclaredOptions(runtime.configuration);
    return new Service(runtime, binary, topic, host, manager, endpoints, container, logger, !settings.runtime);
  }

  /**
   * Starts it: when this resolves it can be called. A process without a database waits here for a conductor.
   *
   * @throws what the manager's hooks throw; it has stopped then, and only its record, where it had one, is left
   */
  async serve(): Promise<void> {
    this.#starting = this.#start();
    try {
      await this.#starting;
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.logger.info({ host: this.host, topic: this.topic }, "the service is up");
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
    await this.manager.reset();
  }

  async #start(): Promise<void> {
    const { state, configuration, clock, rpc } = this.runtime;
    const context = this.runtime.context().withSignal(this.#ending.signal);
    const steps = [
      () => state.ready(context),
      async () => {
        this.#group = await this.#loadGroup();
      },
      () => this.manager.initHost(context),
      async () => {
        this.#record = await state.serviceRecords.register(this.#registration());
      },
      () => this.manager.preStartHook(context),
      async () => {
        const { concurrency } = configuration.get(transportOptions);
        this.#listener = await rpc.serve({ topic: this.topic, server: this.host }, this.endpoints, { concurrency });
      },
      () => this.manager.postStartHook(context),
      async () => {
        if (this.#record) await this.#group?.join(this.#record);
      },
      async () => {
        this.#tasks = new PeriodicTasks(this.manager, configuration, clock, this.logger);
        this.#tasks.start();
      },
    ];
    for (const step of steps) {
      if (this.#ending.signal.aborted)
        throw new KilonovaError("rpc.cancelled", `Service ${this.topic} was stopped while it started.`);
      await step();
    }
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

  async #loadGroup(): Promise<ServiceGroupDriver> {
    const { driver } = this.runtime.configuration.get(servicegroupOptions);
    return (await this.container.load(
      driver,
      "option servicegroup.driver",
      "servicegroup-driver",
    )) as ServiceGroupDriver;
  }

  async #stop(last: () => Promise<void>): Promise<void> {
    const { gracefulShutdownTimeout } = this.runtime.configuration.get(serviceOptions);
    this.#ending.abort();
    await this.#step("finish its work", gracefulShutdownTimeout, async () => {
      await this.#starting.catch(() => {});
      await Promise.all([this.#listener?.stop(), this.#tasks?.stop()]);
    });
    const context = this.runtime.context().within(LEAVING_TIME);
    await this.#step("clean up", LEAVING_TIME, () => this.manager.cleanupHost(context));
    await this.#step("leave the service group", LEAVING_TIME, async () => {
      if (this.#record) await this.#group?.leave(this.#record);
    });
    await this.#step("be forgotten", LEAVING_TIME, last);
    this.logger.info({ host: this.host }, "the service has stopped");
    if (this.ownsRuntime) await this.runtime.close();
    this.#stopped.give();
  }

  async #forget(): Promise<void> {
    if (this.#record) await this.runtime.state.serviceRecords.remove(this.#record.id);
  }

  /** A step of the way out: neither its failure nor its length keeps the process. */
  async #step(what: string, limit: number, work: () => Promise<void>): Promise<void> {
    try {
      await withinTime(work(), limit, `it took longer than ${limit} ms`);
    } catch (error) {
      this.logger.error({ error: messageOf(error) }, `the service could not ${what}`);
    }
  }
}

/** The runtime of a service that is a program of its own; packages are found beside the program too. */
function ownRuntime(program: string, groups: readonly OptionGroup[]): Promise<Runtime> {
  const [, script] = process.argv;
  const places = script === undefined ? [] : [pathToFileURL(realpathSync(script)).href];
  return Runtime.create({ program, argv: process.argv.slice(2), groups, places });
}

function managerPath(runtime: Runtime, topic: string): string {
  const option = `${topic}.manager`;
  const written = runtime.configuration.writtenText(option);
  if (written !== undefined) return written;
  const isDeclared = runtime.configuration.groups().some((group) => group.name === topic);
  const value = isDeclared ? runtime.configuration.lookUp(option).value : undefined;
  if (typeof value === "string") return value;
  throw new KilonovaError(
    "service.failedToStart",
    `Option ${option} is not set: it names the manager of service ${topic}, as an object path.`,
  );
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
