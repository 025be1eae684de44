import { Command } from "commander";
import type { CommandWorld } from "../command-world.js";

/** `kilonova serve NAME…`: some services in this process, until it is told to stop. */
export function serveCommand({ terminal, argv }: CommandWorld): Command {
  return new Command("serve")
    .description("Run one or several services in one process. Their managers are named by option <name>.manager.")
    .argument(
      "<name...>",
      "identity, image, placement, network, conductor, scheduler, compute, api, or one of your own",
    )
    .addHelpText(
      "after",
      "\nExample:\n  kilonova serve conductor scheduler --config-file /etc/kilonova/kilonova.config.yaml",
    )
    .action(async (names: readonly string[]) => {
      const { serve } = await import("@kilonova/deployment");
      const onReady = (endpoint: string | undefined) =>
        terminal.print(`ready ${[...names, ...(endpoint === undefined ? [] : [endpoint])].join(" ")}`);
      const { wait } = await serve(names, { argv, onReady });
      await wait();
    });
}
