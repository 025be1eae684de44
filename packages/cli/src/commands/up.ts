import { Command } from "commander";
import type { CommandWorld } from "../command-world.js";
import { stopwatch } from "../terminal.js";

interface UpFlags {
  readonly stateDir: string;
  readonly firstGuest?: boolean;
}

/** `kilonova up`: a whole cloud in this process, until it is told to stop. */
export function upCommand(world: CommandWorld): Command {
  return new Command("up")
    .description("Start a whole cloud in one process, with a PostgreSQL of its own.")
    .option("--state-dir <folder>", "where everything is kept", "./.kilonova")
    .option("--first-guest", "on the first start, boot a server called hello and show its console")
    .addHelpText("after", "\nExample:\n  kilonova up --first-guest --state-dir ~/cloud --http.port 9774")
    .action((flags: UpFlags) => up(world, flags));
}

async function up({ terminal, argv }: CommandWorld, flags: UpFlags): Promise<void> {
  const { startEmbeddedCloud } = await import("@kilonova/deployment");
  const cloud = await startEmbeddedCloud({
    argv,
    stateDirectory: flags.stateDir,
    firstGuest: flags.firstGuest ?? false,
    onProgress: stopwatch(terminal),
  });
  if (cloud.greeting !== undefined) {
    terminal.print("The console of server hello:");
    for (const line of cloud.greeting.split(/\r?\n/)) terminal.print(`  | ${line}`);
  }
  terminal.print(`ready ${cloud.endpoint}`);
  for (const line of nextSteps(cloud.cloudsFile)) terminal.print(line);
  const guests = await cloud.wait();
  terminal.print(
    guests === 0
      ? "Stopped. No guest is running."
      : `Stopped. ${guests} ${guests === 1 ? "guest goes" : "guests go"} on running.`,
  );
}

function nextSteps(cloudsFile: string): readonly string[] {
  return [
    "",
    "Try:",
    `  export OS_CLIENT_CONFIG_FILE=${cloudsFile} OS_CLOUD=kilonova`,
    "  openstack server list",
    "  openstack console log show hello",
    "  openstack server create --flavor tiny --image tiny --wait first",
    "As an administrator: OS_CLOUD=kilonova-admin openstack hypervisor list",
    "Stop with Ctrl-C.",
  ];
}
