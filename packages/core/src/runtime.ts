import { access, constants } from "node:fs/promises";
import { tmpdir } from "node:os";
import { Configuration, ConfigurationError, type LoadSettings, loadConfiguration, type OptionGroup } from "@kilonova/config";
import { KilonovaError, messageOf, RequestContext, Rpc, type Transport } from "@kilonova/messaging";
import {
  BASE_DIRECTORY,
  CLOCK,
  type Clock,
  DRIVER_STATE,
  type Duration,
  type Hook,
  LOGGER,
  RPC,
  systemClock,
} from "@kilonova/plugin-api";
import { conductorState } from "./conductor-state.js";
import { Container } from "./container.js";
import type { FrameworkState } from "./framework-state.js";
import { Hooks } from "./hooks.js";
import { LOCKS } from "./locks.js";
import { type ProcessLogger, processLogger } from "./logging.js";
import { memoryState } from "./memory-state.js";
import { ObjectLoader } from "./object-loader.js";
import { hooksOptions, logOptions, serviceOptions, servicegroupOptions, transportOptions } from "./options.js";
import { SERVICE_RECORDS } from "./service-records.js";
import { Weaver } from "./weaver.js";

/** The groups that every process has. */
export const RUNTIME_GROUPS: readonly OptionGroup[] = [
  serviceOptions,
  servicegroupOptions,
  transportOptions,
  hooksOptions,
  logOptions,
];

/** Makes the framework's state where a process has a database. */
export type StateFactory = (runtime: Runtime) => Promise<FrameworkState>;

/** What a process is made of; every field has a sensible value. */
export interface RuntimeSettings extends Partial<Omit<LoadSettings, "groups">> {
  /** A configuration that was loaded already. */
  readonly configuration?: Configuration;
  /** Further groups that the process knows. */
  readonly groups?: readonly OptionGroup[];
  /** Modules beside which packages in the box are found. */
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
  #state: FrameworkState | undefined;

  private constructor(
    readonly configuration: Configuration,
    readonly logger: ProcessLogger,
    readonly clock: Clock,
    readonly transport: Transport,
    loader: ObjectLoader,
  ) {
    this.rpc = new Rpc(transport, ({ contract, method, requestId, error }) =>
      logger.warn({ contract, method, requestId, error: messageOf(error) }, "an RPC method failed"),
    );
    this.hooks = new Hooks(logger);
    const weaver = new Weaver({ hooks: this.hooks, clock, locks: () => this.state.locks });
    this.container = new Container(configuration, loader, (made) => weaver.weave(made));
    this.container.register(RPC, this.rpc);
    this.container.register(CLOCK, clock);
    this.container.register(LOGGER, logger);
    this.container.register(BASE_DIRECTORY, configuration.baseDirectory);
  }

  /**
   * Loads the configuration, connects the transport, and makes ready what services need.
   *
   * @throws ConfigurationError; KilonovaError `object.*` for the transport, `transport.unreachable`
   */
  static async create(settings: RuntimeSettings = {}): Promise<Runtime> {
    const groups = [...RUNTIME_GROUPS, ...(settings.groups ?? [])];
    const configuration = settings.configuration ?? (await loadConfiguration({ program: "kilonova", ...settings, groups }));
    configuration.register(...groups);
    const logger = processLogger(configuration.get(logOptions), { host: configuration.get(serviceOptions).host });
    const clock = settings.clock ?? systemClock;
    await checkBasics();
    const loader = new ObjectLoader(configuration.baseDirectory, settings.places);
    const transport = await loadTransport(configuration, loader);
    const runtime = new Runtime(configuration, logger, clock, transport, loader);
    await runtime.#prepare(settings.state);
    return runtime;
  }

  get state(): FrameworkState {
    if (!this.#state) throw new KilonovaError("internal", "the runtime is not prepared yet");
    return this.#state;
  }

  /** SIGHUP: reads the options that may change again. */
  async reload(): Promise<void> {
    const { changed, ignored } = await this.configuration.reload();
    this.logger.setLevel(this.configuration.get(logOptions).level);
    this.logger.info({ changed, ignored }, "the configuration was read again");
  }

  /** Lets go of the transport. Services are stopped before. */
  async close(): Promise<void> {
    await this.transport.close();
    this.logger.flush();
  }

  async #prepare(makeState: StateFactory | undefined): Promise<void> {
    try {
      await this.transport.connect();
      this.#state = makeState ? await makeState(this) : this.#stateElsewhere();
      this.container.register(SERVICE_RECORDS, this.state.serviceRecords);
      this.container.register(LOCKS, this.state.locks);
      this.container.register(DRIVER_STATE, this.state.driverState);
      await this.#enterHooks();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  #stateElsewhere(): FrameworkState {
    const { host, state } = this.configuration.get(serviceOptions);
    const isAlone = this.configuration.get(transportOptions).driver === transportOptions.schema.parse({}).driver;
    if (state === "memory" || (state === "auto" && isAlone)) return memoryState(this.clock);
    return conductorState(this.rpc, host, this.clock, this.logger);
  }

  /** Hooks are checked now and made at their first call. */
  async #enterHooks(): Promise<void> {
    const { use, disabled } = this.configuration.get(hooksOptions);
    for (const { hook, timeLimit, ...entry } of use) {
      if (disabled.includes(hook)) continue;
      const limits = timeLimit === undefined ? {} : { timeLimit: timeLimit as Duration };
      await this.container.check(hook, "option hooks.use");
      this.hooks.enter(hook, { ...withoutUndefined(entry), ...limits }, async () => {
        return (await this.container.load(hook, "option hooks.use")) as Hook;
      });
    }
  }

  /** A context for what the process does by itself. */
  context(): RequestContext {
    return RequestContext.admin();
  }
}

async function loadTransport(configuration: Configuration, loader: ObjectLoader): Promise<Transport> {
  const { driver } = configuration.get(transportOptions);
  const { value } = await loader.load(driver, "option transport.driver", "transport");
  const type = value as (new (...args: unknown[]) => Transport) & { optionGroups?: readonly OptionGroup[] };
  try {
    return new type(...(type.optionGroups ?? []).map((group) => configuration.get(group)));
  } catch (cause) {
    if (cause instanceof ConfigurationError) throw cause;
    throw new KilonovaError("object.failed", `option transport.driver: ${driver} could not be made: ${messageOf(cause)}`, { cause });
  }
}

/** What every process needs: a temporary folder that can be written. */
async function checkBasics(): Promise<void> {
  try {
    await access(tmpdir(), constants.W_OK);
  } catch (cause) {
    throw new KilonovaError("service.failedToStart", `The temporary folder ${tmpdir()} cannot be written; set TMPDIR to one that can.`, {
      cause,
    });
  }
}

function withoutUndefined<Value extends object>(value: Value): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never;
}
