import { type Configuration, ConfigurationError, isConfigurationError, loadConfiguration } from "@kilonova/config";
import {
  beginProcess,
  checkDeclaredOptions,
  isWorkerProcess,
  keepWorkers,
  leavingStep,
  type ProcessBeginning,
  Runtime,
  reportReady,
  StartInterruption,
  untilStopped,
  type WorkingProcess,
  workersWanted,
} from "@kilonova/core";
import { DatabaseAccess } from "./database-access.js";
import { databaseUrl } from "./database-url.js";
import { resolveDeviceDrivers } from "./device-drivers.js";
import { freePort } from "./free-port.js";
import { IN_BOX_GROUPS } from "./in-box.js";
import { PLACES } from "./installed-plugins.js";
import { loadServed } from "./named-modules.js";
import { httpOptions } from "./options.js";
import { needsDatabase, ownersOf } from "./owners.js";
import { RunningServices } from "./running-services.js";
import { servedTls } from "./served-tls.js";
import { checkServiceNames } from "./service-names.js";
import { servicePart } from "./service-parts.js";

const NO_DEVICES = { overrides: {}, notice: undefined };

/** How services of a process are started. */
export interface ServeSettings {
  readonly argv?: readonly string[];
  readonly onProgress?: (message: string) => void;
  /**
   * Called once, when all are up, with where their web services are reached, where they have some. Of several workers,
   * the process that watches over them calls it.
   */
  readonly onReady?: (endpoint: string | undefined) => void;
}

/** Services that run in this process. */
export interface ServingProcess extends WorkingProcess {
  /** Where its web services are reached; undefined where it has none. */
  readonly endpoint: string | undefined;
}

/**
 * `kilonova serve NAME…`: runs services in this process, or in `service.workers` of them, until SIGTERM or SIGINT. A
 * signal that comes before they are up gives the start up.
 *
 * @throws ConfigurationError; KilonovaError of whatever cannot be reached or started, with what to do
 */
export async function serve(names: readonly string[], settings: ServeSettings = {}): Promise<ServingProcess> {
  const interruption = new StartInterruption();
  try {
    const configuration = await configurationFor(names, settings);
    const beginning = await interruption.raceFor(begin(configuration, names), close);
    const serving = await serveFrom(beginning, configuration, names, interruption, settings.onProgress).catch(
      async (error) => {
        await close(beginning);
        throw error;
      },
    );
    if (isWorkerProcess()) reportReady({ endpoint: serving.endpoint });
    else settings.onReady?.(serving.endpoint);
    return serving;
  } finally {
    interruption.end();
  }
}

async function configurationFor(names: readonly string[], { argv, onProgress }: ServeSettings): Promise<Configuration> {
  const load = (overrides = {}) =>
    loadConfiguration({ program: "kilonova", groups: IN_BOX_GROUPS, overrides, ...(argv ? { argv } : {}) });
  const { overrides, notice } = names.includes("compute") ? await resolveDeviceDrivers(await load()) : NO_DEVICES;
  if (notice) onProgress?.(notice);
  return load(overrides);
}

/** All that can be told before anything is connected: options, names, plugins. */
async function begin(configuration: Configuration, names: readonly string[]): Promise<ProcessBeginning> {
  const beginning = await beginProcess(configuration, PLACES).catch((error) => {
    // Wrong options are said all at once.
    if (isConfigurationError(error)) checkDeclaredOptions(configuration);
    throw error;
  });
  try {
    checkDeclaredOptions(configuration);
    checkServiceNames(configuration, names);
    await loadServed(configuration, beginning.plugins, names);
    return beginning;
  } catch (error) {
    await close(beginning);
    throw error;
  }
}

const close = ({ loopWatch }: ProcessBeginning) => loopWatch.stop();

async function serveFrom(
  beginning: ProcessBeginning,
  configuration: Configuration,
  names: readonly string[],
  interruption: StartInterruption,
  onProgress?: (message: string) => void,
): Promise<ServingProcess> {
  const workers = workersWanted(configuration);
  if (workers > 0 || isWorkerProcess()) checkWorkers(configuration, names);
  // The primary holds the port for its workers.
  if (!isWorkerProcess()) await checkPort(configuration, names);
  if (workers === 0) return serveHere(beginning, configuration, names, interruption, onProgress);
  // Its workers have plugins, each with a watch of its own.
  await close(beginning);
  return serveByWorkers(configuration, interruption, workers, names.length);
}

async function serveByWorkers(
  configuration: Configuration,
  interruption: StartInterruption,
  workers: number,
  services: number,
): Promise<ServingProcess> {
  const primary = await keepWorkers(configuration, interruption, workers, services);
  return { endpoint: primary.ready.endpoint, wait: primary.wait, stop: primary.stop };
}

async function serveHere(
  beginning: ProcessBeginning,
  configuration: Configuration,
  names: readonly string[],
  interruption: StartInterruption,
  onProgress?: (message: string) => void,
): Promise<ServingProcess> {
  const access = await interruption.raceFor(openDatabase(configuration, names), async (late) => late?.close());
  const state = access ? { state: async () => access.frameworkState() } : {};
  const making = Runtime.create({ configuration, beginning, name: processName(names), ...state });
  const runtime = await interruption
    .raceFor(making, (late) => late.close())
    .catch(async (error) => {
      await access?.close();
      throw error;
    });
  access?.register(runtime);
  const close = async () => {
    await leavingStep(runtime.logger, "close the runtime", () => runtime.close());
    await leavingStep(runtime.logger, "close the database's connections", async () => access?.close());
  };
  try {
    const services = await RunningServices.start(runtime, names, interruption, onProgress);
    const stop = async () => {
      await services.stop();
      await close();
    };
    runtime.started();
    const working = untilStopped(runtime.logger, { stop, reload: () => services.reset() });
    return { endpoint: services.endpoint, ...working };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One that serves much is the cloud itself. */
function processName([first, ...others]: readonly string[]): string {
  return first === undefined || others.length > 0 ? "kilonova" : `kilonova-${first}`;
}

/** Its devices are one process's. */
function checkWorkers({ program }: Configuration, names: readonly string[]): void {
  if (!names.includes("compute")) return;
  const expected = "1 for compute: a host's guests are one process's; start what else there is by itself";
  throw new ConfigurationError(program, [
    { option: "service.workers", place: "serve compute", expected, received: "more" },
  ]);
}

/** A port that is taken is said before anything is started, and a certificate that cannot be used. */
async function checkPort(configuration: Configuration, names: readonly string[]): Promise<void> {
  if (names.every((name) => servicePart(configuration, name, "web") === undefined)) return;
  servedTls(configuration).tls?.();
  const { host, port } = configuration.get(httpOptions);
  await freePort(host, port);
}

/** A process whose services need no database gets none, whatever its configuration says: computes hold no credentials. */
async function openDatabase(configuration: Configuration, names: readonly string[]) {
  const needing = names.filter(needsDatabase);
  if (needing.length === 0) return undefined;
  databaseUrl(configuration, `service ${needing.join(", ")}`);
  return DatabaseAccess.open(configuration, ownersOf(names));
}
