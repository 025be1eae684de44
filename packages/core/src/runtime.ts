import { access, constants } from "node:fs/promises";
import { tmpdir } from "node:os";
import {
  type Configuration,
  type LoadSettings,
  loadConfiguration,
  type OptionGroup,
  parseObjectPath,
} from "@kilonova/config";
import { isKilonovaError, KilonovaError, messageOf, RequestContext, Rpc, type Transport } from "@kilonova/messaging";
import { BASE_DIRECTORY, CLOCK, type Clock, DRIVER_STATE, LOGGER, RPC, systemClock } from "@kilonova/plugin-api";
import { conductorState } from "./conductor-state.js";
import { Container } from "./container.js";
import { exitCodeOf } from "./exit-code.js";
import type { FrameworkState } from "./framework-state.js";
import { assertHook } from "./hook-check.js";
import { Hooks } from "./hooks.js";
import { LOCKS } from "./locks.js";
import { type ProcessLogger, processLogger } from "./logging.js";
import { memoryState } from "./memory-state.js";
import { checkKind, isClass, ObjectLoader } from "./object-loader.js";
import { hooksOptions, logOptions, servicegroupOptions, serviceOptions, transportOptions } from "./options.js";
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
  #state: FrameworkState | undefined;

  private constructor(
    readonly configuration: Configuration,
    readonly logger: ProcessLogger,
    readonly clock: Clock,
    readonly transport: Transport,
    private readonly loader: ObjectLoader,
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
    const configuration =
      settings.configuration ?? (await loadConfiguration({ program: "kilonova", ...settings, groups }));
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
    const asked = "option hooks.use";
    for (const { hook, point, order, failure, timeLimit } of use) {
      if (disabled.includes(hook) || disabled.includes(parseObjectPath(hook)?.exportName ?? hook)) continue;
      assertHook((await this.loader.load(hook, asked)).value, hook, asked);
      const limits = { ...(order === undefined ? {} : { order }), ...(failure === undefined ? {} : { failure }) };
      this.hooks.enter(hook, { point, ...limits, timeLimit: `${timeLimit}ms` }, async () => {
        const made = await this.container.load(hook, asked);
        assertHook(made, hook, asked);
        return made;
      });
    }
  }

  /** A context for what the process does by itself. */
  context(): RequestContext {
    return RequestContext.admin();
  }
}

/** A class is made from the options that it names, a factory is given the configuration, an instance is taken as it is. */
async function loadTransport(configuration: Configuration, loader: ObjectLoader): Promise<Transport> {
  const { driver } = configuration.get(transportOptions);
  const asked = "option transport.driver";
  const { value, optionGroups } = await loader.load(driver, asked, "transport");
  configuration.register(...optionGroups);
  if (typeof value !== "function") return value as Transport;
  try {
    if (isClass(value)) return new (value as TransportClass)(...optionsOf(value, configuration));
    const made: unknown = await value(configuration);
    checkKind(made, driver, asked, "transport");
    return made as Transport;
  } catch (cause) {
    if (isKilonovaError(cause) || exitCodeOf(cause) === 2) throw cause;
    throw new KilonovaError("object.failed", `${asked}: ${driver} could not be made: ${messageOf(cause)}`, { cause });
  }
}

/** A transport is below the decorators: its class names the groups of options that its constructor is given. */
type TransportClass = (new (...options: unknown[]) => Transport) & { readonly optionGroups?: readonly OptionGroup[] };

function optionsOf(transport: object, configuration: Configuration): readonly unknown[] {
  return ((transport as TransportClass).optionGroups ?? []).map((group) => configuration.get(group));
}

/** What every process needs: a temporary folder that can be written. */
async function checkBasics(): Promise<void> {
  try {
    await access(tmpdir(), constants.W_OK);
  } catch (cause) {
    throw new KilonovaError(
      "service.failedToStart",
      `The temporary folder ${tmpdir()} cannot be written; set TMPDIR to one that can.`,
      {
        cause,
      },
    );
  }
}
