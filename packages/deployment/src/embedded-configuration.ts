import { join } from "node:path";
import { type Configuration, loadConfiguration } from "@kilonova/config";
import { resolveDeviceDrivers } from "./device-drivers.js";
import { IN_BOX_GROUPS, knownGroups } from "./in-box.js";
import { declareNamedModules } from "./named-modules.js";
import { httpOptions } from "./options.js";

type Presets = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A configuration whose defaults are those of a cloud in one process. */
export interface EmbeddedConfiguration {
  readonly configuration: Configuration;
  /** What the operator should know of it. */
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
 * What the operator wrote, checked whole: values, names, and that every object path leads to a module. Touches nothing,
 * so that a mistake costs nothing.
 *
 * @throws ConfigurationError; KilonovaError `object.*`
 */
export function writtenConfiguration(argv: readonly string[] | undefined): Promise<Configuration> {
  return load(argv, {});
}

/**
 * The configuration of a cloud that keeps everything in one state folder. What the operator writes wins, as always.
 *
 * @throws ConfigurationError; KilonovaError `object.*`
 */
export async function embeddedConfiguration(
  state: string,
  argv: readonly string[] | undefined,
  { port, database = {}, passwords }: EmbeddedPresets = {},
): Promise<EmbeddedConfiguration> {
  const written = await writtenConfiguration(argv);
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
  return { configuration: await load(argv, presets, overrides), notice: drivers.notice };
}

/** A host as it stands in a URL. Who listens on every address is reached from here by the loopback. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

async function load(
  argv: readonly string[] | undefined,
  presets: Presets,
  overrides: Presets = {},
): Promise<Configuration> {
  const given = argv === undefined ? {} : { argv };
  const configuration = await loadConfiguration({
    program: "kilonova",
    groups: IN_BOX_GROUPS,
    presets,
    overrides,
    ...given,
  });
  configuration.register(...(await knownGroups(configuration.baseDirectory)));
  await declareNamedModules(configuration);
  configuration.check();
  return configuration;
}
