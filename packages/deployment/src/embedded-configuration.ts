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

/**
 * The configuration of a cloud that keeps everything in one state folder. What the operator writes wins, as always.
 *
 * @param more further presets, such as the address of the database
 * @throws ConfigurationError; KilonovaError `listen.failed` where the port is taken
 */
export async function embeddedConfiguration(
  state: string,
  argv: readonly string[] | undefined,
  more: Presets = {},
): Promise<EmbeddedConfiguration> {
  const written = await load(argv, {});
  const drivers = await detectDeviceDrivers();
  const isAuto = ["auto", undefined].includes(written.writtenText("compute.driver"));
  const { host, port } = written.get(httpOptions);
  const usedPort = await freePort(host, port);
  const presets = {
    log: { file: join(state, "kilonova.log") },
    http: { publicEndpoint: `http://${host}:${usedPort}`, identityEndpoint: `http://${host}:${usedPort}/identity/v3` },
    qemu: { instancesPath: join(state, "instances") },
    fake: { statePath: join(state, "fake-guests") },
    image: { fileStorePath: join(state, "images") },
    network: isAuto ? { driver: drivers.networkDriver } : {},
    ...more,
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
