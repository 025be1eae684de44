import { Command } from "commander";
import type { CommandWorld } from "../command-world.js";
import { stopwatch } from "../terminal.js";

interface DownFlags {
  readonly stateDir: string;
  readonly guests?: boolean;
}

/** `kilonova down`: ends what is left of a cloud in a state folder. */
export function downCommand({ terminal, argv }: CommandWorld): Command {
  return new Command("down")
    .description("Stop the cloud of a state folder: its process where one runs, and a PostgreSQL that was left behind.")
    .option("--state-dir <folder>", "where everything is kept", "./.kilonova")
    .option("--guests", "shut the guests down as well")
    .addHelpText("after", "\nExample:\n  kilonova down --guests")
    .action(async (flags: DownFlags) => {
      const { stopEmbeddedCloud } = await import("@kilonova/deployment");
      const left = await stopEmbeddedCloud({
        argv,
        stateDirectory: flags.stateDir,
        guests: flags.guests ?? false,
        onProgress: stopwatch(terminal),
      });
      if (left === undefined) return terminal.print("Down. Whether guests run cannot be told.");
      terminal.print(
        left === 0
          ? "Down. No guest is running."
          : `Down. ${left} ${left === 1 ? "guest goes" : "guests go"} on running.`,
      );
    });
}
