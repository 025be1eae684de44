import { join, resolve } from "node:path";
import { type EmbeddedCloud, RestClient, startEmbeddedCloud } from "@kilonova/deployment";
import { makeConfigurationFolder } from "./configuration-folder.js";
import { credentialsIn } from "./credentials.js";
import { furnish } from "./furnish.js";
import { HeardSignals } from "./heard-signals.js";
import { TemporaryFolder } from "./temporary-folder.js";
import { TestingCloud } from "./testing-cloud.js";

/** Values of options by group and option. */
type Values = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** How a cloud for tests is started; all of it has a preset. */
export interface TestingCloudSettings {
  /**
   * Options by group: `{ scheduler: { filters: ["./dist/index.js#ColdAisleFilter"] } }`. Neither files nor the environment
   * say anything; what is not given has its default.
   */
  readonly configuration?: Values;
  /** From where relative paths and names of packages in `configuration` lead; the working folder. */
  readonly configurationDirectory?: string;
  /**
   * The folders of packages that are to be there as if `npm install` had put them beside a configuration in a folder of
   * its own: their names lead to them, and the hooks of their manifests enter by that alone. Not together with
   * `configurationDirectory`.
   */
  readonly plugins?: readonly string[];
  /** Told of each step of the start. */
  readonly onProgress?: (message: string) => void;
}

/** Guests that are made up, on a port that is free; nothing on the terminal. */
const PRESETS: Values = {
  http: { host: "127.0.0.1", port: 0 },
  log: { level: "info" },
  compute: { driver: "@kilonova/virt-fake#FakeDriver" },
  network: { driver: "@kilonova/network-fake#FakeNetworkDriver" },
};

/**
 * Starts a whole cloud in this process, for one test or many. It takes some seconds and some 100 MB of disk for a
 * PostgreSQL, in a folder for temporary files that is removed when the cloud is closed, when it cannot be started, and
 * when the process leaves. A Ctrl-C closes the cloud and then ends the process as it would have done.
 *
 * @throws ConfigurationError; KilonovaError of whatever cannot be loaded or started, a plugin's failure with its name
 */
export async function startTestingCloud(settings: TestingCloudSettings = {}): Promise<TestingCloud> {
  if (settings.plugins && settings.configurationDirectory !== undefined) {
    throw new TypeError("plugins: they are put into a folder of their own; name no configurationDirectory as well.");
  }
  const signals = new HeardSignals();
  const folder = await TemporaryFolder.make();
  const clear = async () => {
    await folder.remove();
    signals.end();
  };
  try {
    const cloud = await startIn(folder, settings);
    const close = closing(cloud, clear);
    return await furnished(cloud, folder, close);
  } catch (error) {
    await clear();
    throw error;
  }
}

async function startIn(folder: TemporaryFolder, settings: TestingCloudSettings): Promise<EmbeddedCloud> {
  const { configuration = {}, configurationDirectory = ".", plugins, onProgress } = settings;
  if (plugins) await makeConfigurationFolder(folder.configuration, plugins);
  return startEmbeddedCloud({
    stateDirectory: folder.state,
    firstGuest: false,
    argv: [],
    env: {},
    files: [],
    cwd: plugins ? folder.configuration : resolve(configurationDirectory),
    overrides: merged(PRESETS, configuration),
    ...(onProgress ? { onProgress } : {}),
  });
}

/** Ends a cloud and what it leaves, once, by a call or by a signal, which stops the cloud by itself. */
function closing(cloud: EmbeddedCloud, clear: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= cloud.stop().finally(clear);
    return closed;
  };
  cloud
    .wait()
    .then(close)
    .catch(() => {});
  return close;
}

async function furnished(
  { endpoint, cloudsFile }: EmbeddedCloud,
  folder: TemporaryFolder,
  close: () => Promise<void>,
): Promise<TestingCloud> {
  try {
    const credentials = await credentialsIn(folder.state, endpoint);
    const [admin, user] = [await RestClient.login(credentials.admin), await RestClient.login(credentials.user)];
    const logFile = join(folder.state, "kilonova.log");
    return new TestingCloud({ endpoint, cloudsFile, logFile, admin, user, ...(await furnish(admin)), close });
  } catch (error) {
    await close();
    throw error;
  }
}

/** The values of both, group by group; those of the second win. */
function merged(one: Values, other: Values): Values {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, { ...one[name], ...other[name] }]));
}
