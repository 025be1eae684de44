import { join } from "node:path";
import { type Configuration, type LoadSettings, loadConfiguration } from "@kilonova/config";
import {
  beginProcess,
  checkDeclaredOptions,
  type LogFields,
  type Logger,
  loadHooks,
  PluginCatalog,
  type ProcessBeginning,
  type ProcessPlugins,
  silentLogger,
  startPlugins,
  watchedCommand,
} from "@kilonova/core";
import { resolveDeviceDrivers } from "./device-drivers.js";
import { IN_BOX_GROUPS } from "./in-box.js";
import { PLACES } from "./installed-plugins.js";
import { declareNamedModules } from "./named-modules.js";
import { httpOptions } from "./options.js";

type Presets = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Where a configuration is loaded from; from what the running process says where nothing is said. */
export type ConfigurationSource = Pick<LoadSettings, "argv" | "env" | "cwd" | "files" | "overrides">;

/** What an operator wrote, checked. */
export interface WrittenConfiguration {
  readonly configuration: Configuration;
  /** What there is to know of it, a line each: plugins that are left out. */
  readonly notices: readonly string[];
}

/** A configuration whose defaults are those of a cloud in one process. */
export interface EmbeddedConfiguration {
  readonly configuration: Configuration;
  /** Its log, its watch and its plugins, for the runtime; or the watch is to be stopped. */
  readonly beginning: ProcessBeginning;
  /** What the operator should know of it, a line each: guests that are not real, plugins that are left out. */
  readonly notice: string | undefined;
}

/** What is known only once the cloud has a port, a database and secrets. */
export interface EmbeddedPresets {
  /** The port in use, where the configured one is any that is free. */
  readonly port?: number;
  readonly database?: Readonly<Record<string, unknown>>;
  readonly passwords?: { readonly adminPassword: string; readonly userPassword: string };
}

/**
 * What the operator wrote, checked whole: values, names, that every object path leads to a module, and that plugins and
 * hooks can be used. Touches nothing, so that a mistake costs nothing.
 *
 * @param onNotice told, before it throws, what may have to do with it
 * @throws ConfigurationError; KilonovaError `object.*`
 */
export async function writtenConfiguration(
  source: ConfigurationSource,
  onNotice: (notice: string) => void = () => {},
): Promise<WrittenConfiguration> {
  const notices: string[] = [];
  try {
    const configuration = await loadInBox(source, {}, {});
    await watchedCommand(configuration.program, async () => {
      const plugins = await startPlugins(configuration, noticing(notices), PLACES);
      await checkWhole(configuration, plugins);
    });
    return { configuration, notices };
  } catch (error) {
    notices.forEach(onNotice);
    throw error;
  }
}

/**
 * The configuration of a cloud that keeps everything in one state folder, and the beginning of its process. What the
 * operator writes wins, as always.
 *
 * @throws ConfigurationError; KilonovaError `object.*`
 */
export async function embeddedConfiguration(
  state: string,
  source: ConfigurationSource,
  { configuration: written, notices }: WrittenConfiguration,
  { port, database = {}, passwords }: EmbeddedPresets = {},
): Promise<EmbeddedConfiguration> {
  const drivers = await resolveDeviceDrivers(written);
  const http = written.get(httpOptions);
  const usedPort = port ?? http.port;
  const scheme = http.sslCertFile === undefined ? "http" : "https";
  const endpoint = `${scheme}://${reachableHost(http.host)}:${usedPort}`;
  const presets = {
    ...placesIn(state),
    http: { publicEndpoint: endpoint, identityEndpoint: `${endpoint}/identity/v3` },
    image: { fileStorePath: join(state, "images"), publicEndpoint: endpoint },
    identity: {
      endpoints: {
        identity: `${endpoint}/identity/v3`,
        image: `${endpoint}/image`,
        network: `${endpoint}/network`,
        compute: `${endpoint}/compute/v2.1`,
      },
      ...passwords,
    },
    database,
    ...(http.sslCaFile === undefined ? {} : { imageClient: { sslCaFile: http.sslCaFile } }),
  };
  const overrides = { http: { port: usedPort }, ...drivers.overrides };
  const configuration = await loadInBox(source, presets, overrides);
  const beginning = await beginProcess(configuration, PLACES);
  try {
    await checkWhole(configuration, beginning.plugins);
  } catch (error) {
    await beginning.loopWatch.stop();
    throw error;
  }
  const all = drivers.notice === undefined ? notices : [drivers.notice, ...notices];
  return { configuration, beginning, notice: all.length > 0 ? all.join("\n") : undefined };
}

/**
 * The configuration by which what such a cloud has left is looked after: the same places, the same devices, and no plugin
 * beside them, so that none keeps a cloud from being stopped.
 *
 * @throws ConfigurationError for options of what is in the box
 */
export async function leftoverConfiguration(state: string, source: ConfigurationSource): Promise<Configuration> {
  const written = await loadInBox(source, {}, {});
  checkDeclaredOptions(written);
  const { overrides } = await resolveDeviceDrivers(written);
  const catalog = PluginCatalog.read({ directory: written.baseDirectory, places: PLACES });
  const { plugins } = await catalog.catch(() => PluginCatalog.empty());
  const hooks = plugins.flatMap(({ name, manifest, closedHooks }) =>
    [...closedHooks, ...(manifest?.hooks ?? []).map((hook) => hook.export)].map((hook) => `${name}#${hook}`),
  );
  return loadInBox(source, placesIn(state), {
    ...overrides,
    hooks: { use: [], disabled: hooks },
    notifications: { notifiers: [], topics: [] },
    plugins: { start: {} },
    transport: { driver: "@kilonova/messaging#MemoryTransport" },
  });
}

/** Where a cloud in one process has its log, and its devices theirs. */
function placesIn(state: string) {
  return {
    log: { file: join(state, "kilonova.log") },
    qemu: { instancesPath: join(state, "instances") },
    fake: { statePath: join(state, "fake-guests") },
  };
}

/** A host as it stands in a URL. Who listens on every address is reached from here by the loopback. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

async function checkWhole(configuration: Configuration, plugins: ProcessPlugins): Promise<void> {
  await declareNamedModules(configuration, plugins);
  await loadHooks(configuration, plugins);
  // What a broken plugin would declare is not known, and its options are not to be called unknown for that.
  if (plugins.failures.length > 0) checkDeclaredOptions(configuration);
  else configuration.check();
}

/** A configuration that knows what is in the box; nothing of it is checked. */
function loadInBox(source: ConfigurationSource, presets: Presets, overrides: Presets): Promise<Configuration> {
  const { argv, env, cwd, files } = source;
  return loadConfiguration({
    program: "kilonova",
    groups: IN_BOX_GROUPS,
    presets,
    overrides: merged(source.overrides ?? {}, overrides),
    ...(argv ? { argv } : {}),
    ...(env ? { env } : {}),
    ...(cwd === undefined ? {} : { cwd }),
    ...(files ? { files } : {}),
  });
}

/** Keeps what is said of plugins, for a cloud that has no log yet. */
function noticing(notices: string[]): Logger {
  const note = ({ plugin, error }: LogFields, message: string) => notices.push(`${message}: ${plugin}: ${error}`);
  return { ...silentLogger, warn: note, error: note };
}

/** The values of both; those of the second win. */
function merged(one: Presets, other: Presets): Presets {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, { ...one[name], ...other[name] }]));
}
