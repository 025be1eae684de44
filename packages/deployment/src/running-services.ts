import { DEFAULT_AVAILABILITY_ZONE } from "@kilonova/api";
import { type Runtime, Service, type StartInterruption, serviceOptions } from "@kilonova/core";
import { WebListener, type WebService, type WebServiceFactory } from "@kilonova/http";
import { KilonovaError } from "@kilonova/messaging";
import { HOST } from "@kilonova/plugin-api";
import { schedulerOptions } from "@kilonova/scheduler";
import { httpOptions } from "./options.js";
import { checkServedOptions } from "./served-options.js";
import { servedTls } from "./served-tls.js";
import { servicePart } from "./service-parts.js";

/**
 * The services of a process, in the order they were started; web services on one listener come last, for who asks them
 * wants the others to be there.
 */
export class RunningServices {
  readonly #services: Service[] = [];
  #listener: WebListener | undefined;

  private constructor(private readonly runtime: Runtime) {}

  /**
   * Starts services by their names: each has a manager, named by option `<name>.manager`, or a web service, named by
   * `<name>.web`, or both. An interruption stops what has been started, and that which is just starting.
   *
   * @throws KilonovaError with the name of the service that could not be started; the others are stopped again then
   */
  static async start(
    runtime: Runtime,
    names: readonly string[],
    interruption: StartInterruption,
    onProgress: (message: string) => void = () => {},
  ): Promise<RunningServices> {
    const running = new RunningServices(runtime);
    const starting = async () => {
      for (const name of names) {
        interruption.check();
        await running.#startManager(name, onProgress);
      }
      interruption.check();
      await running.#startListener(names, onProgress);
      checkServedOptions(runtime.configuration, names);
      runtime.hooks.warnOfUnknownPoints();
      interruption.check();
      return running;
    };
    try {
      return await interruption.whileStarting(starting(), () => running.stop());
    } catch (error) {
      await running.stop();
      throw error;
    }
  }

  /** Where the web services are reached from this host; undefined where there are none. */
  get endpoint(): string | undefined {
    return this.#listener?.address.url;
  }

  /** SIGHUP */
  async reset(): Promise<void> {
    await this.runtime.reload();
    for (const service of this.#services) await service.reset();
    await this.#listener?.reset();
  }

  /** Takes no new requests, then stops the services in reverse order. Safe to repeat. */
  async stop(): Promise<void> {
    this.runtime.health.stopping();
    await this.#listener?.stop(this.runtime.configuration.get(serviceOptions).gracefulShutdownTimeout);
    for (const service of this.#services.toReversed()) await service.stop();
  }

  async #startManager(name: string, onProgress: (message: string) => void): Promise<void> {
    if (servicePart(this.runtime.configuration, name, "manager") === undefined) {
      if (servicePart(this.runtime.configuration, name, "web") !== undefined) return;
      throw new KilonovaError(
        "service.failedToStart",
        `There is no service ${name}: option ${name}.manager names none.`,
      );
    }
    const service = await Service.create({ runtime: this.runtime, binary: `kilonova-${name}`, topic: name });
    // Before it is up: an interruption stops it then.
    this.#services.push(service);
    await service.serve();
    onProgress(`service ${name} is up`);
  }

  async #startListener(names: readonly string[], onProgress: (message: string) => void): Promise<void> {
    const webServices: WebService[] = [];
    for (const name of names.filter((each) => servicePart(this.runtime.configuration, each, "web") !== undefined)) {
      webServices.push((await this.#loadWebService(name)).webService());
    }
    if (webServices.length === 0) return;
    const { host, port, publicEndpoint, identityEndpoint } = this.runtime.configuration.get(httpOptions);
    const listener = new WebListener(
      {
        host,
        port,
        ...servedTls(this.runtime.configuration),
        logger: this.runtime.logger,
        health: () => (this.runtime.degradations.length > 0 ? "degraded" : "ok"),
        ...(publicEndpoint === undefined ? {} : { publicEndpoint }),
        ...(identityEndpoint === undefined ? {} : { authenticateUri: identityEndpoint }),
      },
      webServices,
    );
    await listener.start();
    this.#listener = listener;
    onProgress(`web services listen on ${listener.address.url}`);
  }

  async #loadWebService(name: string): Promise<WebServiceFactory> {
    const option = `${name}.web`;
    const container = this.runtime.container.child();
    const { configuration } = this.runtime;
    container.register(HOST, configuration.get(serviceOptions).host);
    container.register(DEFAULT_AVAILABILITY_ZONE, configuration.get(schedulerOptions).defaultAvailabilityZone);
    const loaded = await container.load(servicePart(this.runtime.configuration, name, "web") ?? "", `option ${option}`);
    if (isWebServiceFactory(loaded)) return loaded;
    throw new KilonovaError(
      "object.wrongKind",
      `Option ${option}: expected a class with a method webService, received a value of type ${typeof loaded}.`,
    );
  }
}

function isWebServiceFactory(value: unknown): value is WebServiceFactory {
  return typeof value === "object" && value !== null && "webService" in value && typeof value.webService === "function";
}
