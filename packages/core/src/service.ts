import { basename } from "node:path";
import { KilonovaError, type Listener, messageOf, type RequestContext, type RpcEndpoint } from "@kilonova/messaging";
import { HOST, LOGGER, type Logger, Manager, type ServiceGroupDriver, type ServiceRecord } from "@kilonova/plugin-api";
import type { Container } from "./container.js";
import { endpointOf } from "./explorer.js";
import { serviceOptions, servicegroupOptions, transportOptions } from "./options.js";
import { PeriodicTasks } from "./periodic-tasks.js";
import { Runtime } from "./runtime.js";

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
}

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
  #stopping: Promise<void> | undefined;
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
   * @throws KilonovaError `object.*`, `contract.invalid`; ConfigurationError
   */
  static async create(settings: ServiceSettings = {}): Promise<Service> {
    const binary = settings.binary ?? basename(process.argv[1] ?? "kilonova", ".js");
    const topic = settings.topic ?? binary.replace(BINARY_PREFIX, "");
    const runtime = settings.runtime ?? (await Runtime.create({ program: binary, argv: process.argv.slice(2) }));
    const host = settings.host ?? runtime.configuration.get(serviceOptions).host;
    const logger = runtime.logger.child({ service: topic });
    const container = runtime.container.child();
    container.register(HOST, host);
    container.register(LOGGER, logger);
    const path = settings.manager ?? managerPath(runtime, topic);
    await runtime.state.ready(runtime.context());
    const manager = (await container.load(path, `option ${topic}.manager`, "service", [topic])) as Manager;
    const endpoints = [manager, ...manager.additionalEndpoints].map(endpointOf);
    return new Service(runtime, binary, topic, host, manager, endpoints, container, logger, !settings.runtime);
  }

  /** Starts it: when this resolves it can be called. @throws what the manager's hooks throw; nothing is left then */
  async serve(): Promise<void> {
    try {
      await this.#start(this.runtime.context());
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
   * SIGTERM: takes no new work, lets running work end within `service.gracefulShutdownTimeout`, leaves the service group.
   * Safe to repeat.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Stops it and forgets it: its record is gone. */
  async kill(): Promise<void> {
    await this.stop();
    if (this.#record) await this.runtime.state.serviceRecords.remove(this.#record.id);
  }

  /** SIGHUP: the manager drops what it has cached. The runtime has read the options again. */
  async reset(): Promise<void> {
    await this.manager.reset();
  }

  async #start(context: RequestContext): Promise<void> {
    const { state, configuration, clock, rpc } = this.runtime;
    this.#group = await this.#loadGroup();
    await this.manager.initHost(context);
    this.#record = await state.serviceRecords.register({
      binary: this.binary,
      topic: this.topic,
      host: this.host,
      contracts: Object.fromEntries(this.endpoints.map(({ contract }) => [contract.name, contract.version])),
    });
    await this.manager.preStartHook(context);
    const { concurrency } = configuration.get(transportOptions);
    this.#listener = await rpc.serve({ topic: this.topic, server: this.host }, this.endpoints, { concurrency });
    await this.manager.postStartHook(context);
    await this.#group.join(this.#record);
    this.#tasks = new PeriodicTasks(this.manager, configuration, clock, this.logger);
    this.#tasks.start();
  }

  async #loadGroup(): Promise<ServiceGroupDriver> {
    const { driver } = this.runtime.configuration.get(servicegroupOptions);
    return (await this.container.load(driver, "option servicegroup.driver", "servicegroup-driver")) as ServiceGroupDriver;
  }

  async #stop(): Promise<void> {
    const { gracefulShutdownTimeout } = this.runtime.configuration.get(serviceOptions);
    const context = this.runtime.context().within(gracefulShutdownTimeout);
    await this.#step("finish its work", context, async () => {
      await Promise.all([this.#listener?.stop(), this.#tasks?.stop()]);
    });
    await this.#step("clean up", context, () => this.manager.cleanupHost(context));
    await this.#step("leave the service group", context, async () => {
      if (this.#record) await this.#group?.leave(this.#record);
    });
    if (this.ownsRuntime) await this.runtime.close();
    this.logger.info({ host: this.host }, "the service has stopped");
    this.#stopped.give();
  }

  /** A step of the way out: neither its failure nor its length keeps the process. */
  async #step(what: string, context: RequestContext, work: () => Promise<void>): Promise<void> {
    try {
      await withinTime(work(), context.timeLeft() ?? 0);
    } catch (error) {
      this.logger.error({ error: messageOf(error) }, `the service could not ${what}`);
    }
  }
}

function managerPath(runtime: Runtime, topic: string): string {
  const option = `${topic}.manager`;
  const written = runtime.configuration.writtenText(option);
  if (written !== undefined) return written;
  const isDeclared = runtime.configuration.groups().some((group) => group.name === topic);
  const value = isDeclared ? runtime.configuration.lookUp(option).value : undefined;
  if (typeof value === "string") return value;
  throw new KilonovaError("service.failedToStart", `Option ${option} is not set: it names the manager of service ${topic}, as an object path.`);
}

async function withinTime(work: Promise<void>, time: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KilonovaError("rpc.deadlineExceeded", "it took longer than service.gracefulShutdownTimeout")), time);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
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
