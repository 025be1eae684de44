import { type Configuration, loadConfiguration } from "@kilonova/config";
import { checkDeclaredOptions, onSignals, Runtime } from "@kilonova/core";
import { DatabaseAccess } from "./database-access.js";
import { databaseUrl } from "./database-url.js";
import { resolveDeviceDrivers } from "./device-drivers.js";
import { freePort } from "./free-port.js";
import { IN_BOX_GROUPS, knownGroups } from "./in-box.js";
import { httpOptions } from "./options.js";
import { needsDatabase, ownersOf } from "./owners.js";
import { RunningServices } from "./running-services.js";
import { checkServiceNames } from "./service-names.js";
import { servicePart } from "./service-parts.js";

const NO_DEVICES = { overrides: {}, notice: undefined };

/** How services of a process are started. */
export interface ServeSettings {
  readonly argv?: readonly string[];
  readonly onProgress?: (message: string) => void;
}

/** Services that run in this process. */
export interface ServingProcess {
  /** Where its web services are reached; undefined where it has none. */
  readonly endpoint: string | undefined;
  /** Resolves when they have been told to stop, and have. */
  wait(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * `kilonova serve NAME…`: runs services in this process until SIGTERM or SIGINT.
 *
 * @throws ConfigurationError; KilonovaError of whatever cannot be reached or started, with what to do
 */
export async function serve(names: readonly string[], settings: ServeSettings = {}): Promise<ServingProcess> {
  const load = (overrides = {}) =>
    loadConfiguration({
      program: "kilonova",
      groups: IN_BOX_GROUPS,
      overrides,
      ...(settings.argv ? { argv: settings.argv } : {}),
    });
  const needsDevices = names.includes("compute");
  const { overrides, notice } = needsDevices ? await resolveDeviceDrivers(await load()) : NO_DEVICES;
  if (notice) settings.onProgress?.(notice);
  const configuration = await load(overrides);
  configuration.register(...(await knownGroups(configuration.baseDirectory)));
  checkDeclaredOptions(configuration);
  checkServiceNames(configuration, names);
  await checkPort(configuration, names);
  const access = await openDatabase(configuration, names);
  const runtime = await Runtime.create({
    configuration,
    places: [import.meta.url],
    ...(access ? { state: async () => access.frameworkState() } : {}),
  }).catch(async (error) => {
    await access?.close();
    throw error;
  });
  access?.register(runtime);
  const close = async () => {
    await runtime.close();
    await access?.close();
  };
  const services = await RunningServices.start(runtime, names, settings.onProgress).catch(async (error) => {
    await close();
    throw error;
  });
  return untilStopped(runtime, services, close);
}

/** Runs until a signal, or `stop`, ends it. */
export function untilStopped(runtime: Runtime, services: RunningServices, close: () => Promise<void>): ServingProcess {
  let ended: Promise<void> | undefined;
  let giveUp: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  const stop = () => {
    ended ??= (async () => {
      await services.stop();
      await close();
      deaf();
      giveUp();
    })();
    return ended;
  };
  const deaf = onSignals(runtime.logger, { stop, reload: () => services.reset() });
  return { endpoint: services.endpoint, stop, wait: () => stopped };
}

/** A port that is taken is said before anything is started. */
async function checkPort(configuration: Configuration, names: readonly string[]): Promise<void> {
  if (names.every((name) => servicePart(configuration, name, "web") === undefined)) return;
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
