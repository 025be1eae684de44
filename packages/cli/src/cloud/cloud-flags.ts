import type { Command } from "commander";
import type { CloudClient } from "./cloud-client.js";

/** The flags of every command that talks to a cloud. */
export interface CloudFlags {
  readonly osCloud?: string;
  readonly osCacert?: string;
  readonly stateDir: string;
}

const WHERE = [
  "",
  "The cloud is that of --os-cloud or OS_CLOUD, else of OS_AUTH_URL and the like, else kilonova-admin. Clouds are read",
  "from OS_CLIENT_CONFIG_FILE, else ./clouds.yaml, else clouds.yaml in the state folder.",
].join("\n");

/** Adds them, and says in the help how a cloud is found. */
export function withCloudFlags(command: Command): Command {
  return command
    .option("--os-cloud <name>", "the cloud to ask, as clouds.yaml names it")
    .option("--os-cacert <file>", "certificates of the authorities that the cloud's may be from, else OS_CACERT")
    .option("--state-dir <folder>", "the state folder of `kilonova up`", "./.kilonova")
    .addHelpText("after", WHERE);
}

/** Logs in where the flags and the environment say. @throws KilonovaError `cloud.*` */
export async function cloudOf(flags: CloudFlags): Promise<CloudClient> {
  const { CloudClient } = await import("./cloud-client.js");
  const { findCredentials } = await import("./credentials.js");
  const credentials = await findCredentials({
    cloud: flags.osCloud,
    caFile: flags.osCacert,
    stateDirectory: flags.stateDir,
    environment: process.env,
    workingDirectory: process.cwd(),
  });
  return await CloudClient.logIn(credentials);
}
