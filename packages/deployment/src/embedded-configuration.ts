import { join } from "node:path";
import { type Configuration, type LoadSettings, loadConfiguration } from "@kilonova/config";
import {
  checkDeclaredOptions,
  type LogFields,
  type Logger,
  loadHooks,
  silentLogger,
  startPlugins,
} from "@kilonova/core";
import { resolveDeviceDrivers } from "./device-drivers.js";
import { IN_BOX_GROUPS } from "./in-box.js";
import { PLACES } from "./installed-plugins.js";
import { declareNamedModules } from "./named-modules.js";
import { httpOptions } from "./options.js";

type Presets = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Where a configuration is loaded from; from what the running process says where nothing is said. */
export type ConfigurationSource = Pick<LoadSettings, "argv" | "env" | "cwd" | "files" | "overrides">;

/** A configuration whose defaults are those of a cloud in one process. */
export interface EmbeddedConfiguration {
  readonly configuration: Configuration;
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
 * @throws ConfigurationError; KilonovaError `object.*`
 */
export async function writtenConfiguration(source: ConfigurationSource): Promise<Configuration> {
  return (await load(source, {})).configuration;
}

/**
 * The configuration of a cloud that keeps everything in one state folder. What the operator writes wins, as always.
 *
 * @throws ConfigurationError; KilonovaError `object.*`
 */
export async function embeddedConfiguration(
  state: string,
  source: ConfigurationSource,
  { port, database = {}, passwords }: EmbeddedPresets = {},
): Promise<EmbeddedConfiguration> {
  const written = await writtenConfiguration(source);
  const drivers = await resolveDeviceDrivers(written);
  const http = written.get(httpOptions);
  const usedPort = port ?? http.port;
  const endpoint = `http://${reachableHost(http.host)}:${usedPort}`;
  const presets = {
    log: { file: join(state, "kilonova.log") },
    http: { publicEndpoint: endpoint, identityEndpoint: `${endpoint}/identity/v3` },
    qemu: { instancesPath: join(state, "instances") },
    fake: { statePath: join(state, "fake-guests") },
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
  };
  const overrides = { http: { port: usedPort }, ...drivers.overrides };
  const { configuration, notices } = await load(source, presets, overrides);
  const all = drivers.notice === undefined ? notices : [drivers.notice, ...notices];
  return { configuration, notice: all.length > 0 ? all.join("\n") : undefined };
}

/** A host as it stands in a URL. Who listens on every address is reached from here by the loopback. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

async function load(
  source: ConfigurationSource,
  presets: Presets,
  overrides: Presets = {},
): Promise<LoadedConfiguration> {
  const { argv, env, cwd, files } = source;
  const configuration = await loadConfiguration({
    program: "kilonova",
    groups: IN_BOX_GROUPS,
    presets,
    overrides: merged(source.overrides ?? {}, overrides),
    ...(argv ? { argv } : {}),
    ...(env ? { env } : {}),
    ...(cwd === undefined ? {} : { cwd }),
    ...(files ? { files } : {}),
  });
  const notices: string[] = [];
  const plugins = await startPlugins(configuration, noticing(notices), PLACES);
  await declareNamedModules(configuration, plugins);
  await loadHooks(configuration, plugins);
  // What a broken plugin would declare is not known, and its options are not to be called unknown for that.
  if (plugins.failures.length > 0) checkDeclaredOptions(configuration);
  else configuration.check();
  return { configuration, notices };
}

interface LoadedConfiguration {
  readonly configuration: Configuration;
  readonly notices: readonly string[];
}

/** Keeps what is said of plugins, for a cloud that has no log yet. */
function noticing(notices: string[]): Logger {
  const note = ({ error, problems }: LogFields, message: string) => notices.push(`${message}: ${error ?? problems}`);
  return { ...silentLogger, warn: note, error: note };
}

/** The values of both; those of the second win. */
function merged(one: Presets, other: Presets): Presets {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, { ...one[name], ...other[name] }]));
}
