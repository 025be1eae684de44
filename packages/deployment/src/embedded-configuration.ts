import { join } from "node:path";
import { type Configuration, loadConfiguration } from "@kilonova/config";
import { httpOptions } from "./options.js";
import { detectDeviceDrivers } from "./device-drivers.js";
import { freePort } from "./free-port.js";
import { IN_BOX_GROUPS, knownGroups } from "./in-box.js";

type Presets = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A configuration whose defaults are those of a cloud in one process. */
export interface EmbeddedConfiguration {
  readonly configuration: Configuration;
  /** What the operator should know of it. */
  readonly notice: string | undefined;
}

/** What is known only once the cloud has a database and secrets. */
export interface EmbeddedPresets {
  readonly database?: Readonly<Record<string, unknown>>;
  readonly passwords?: { readonly adminPassword: string; readonly userPassword: string };
}

/**
 * The configuration of a cloud that keeps everything in one state folder. What the operator writes wins, as always.
 *
 * @throws ConfigurationError; KilonovaError `listen.failed` where the port is taken
 */
export async function embeddedConfiguration(
  state: string,
  argv: readonly string[] | undefined,
  { database = {}, passwords }: EmbeddedPresets = {},
): Promise<EmbeddedConfiguration> {
  const written = await load(argv, {});
  const drivers = await detectDeviceDrivers();
  const isAuto = ["auto", undefined].includes(written.writtenText("compute.driver"));
  const { host, port } = written.get(httpOptions);
  const usedPort = await freePort(host, port);
  const endpoint = `http://${host}:${usedPort}`;
  const presets = {
    log: { file: join(state, "kilonova.log") },
    http: { publicEndpoint: endpoint, identityEndpoint: `${endpoint}/identity/v3` },
    qemu: { instancesPath: join(state, "instances") },
    fake: { statePath: join(state, "fake-guests") },
    image: { fileStorePath: join(state, "images"), publicEndpoint: endpoint },
    network: isAuto ? { driver: drivers.networkDriver } : {},
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
  const overrides = { http: { port: usedPort }, compute: isAuto ? { driver: drivers.virtDriver } : {} };
  return { configuration: await load(argv, presets, overrides), notice: isAuto ? drivers.notice : undefined };
}

async function load(argv: readonly string[] | undefined, presets: Presets, overrides: Presets = {}): Promise<Configuration> {
  const given = argv === undefined ? {} : { argv };
  const configuration = await loadConfiguration({ program: "kilonova", groups: IN_BOX_GROUPS, presets, overrides, ...given });
  configuration.register(...(await knownGroups(configuration.baseDirectory)));
  configuration.check();
  return configuration;
}
