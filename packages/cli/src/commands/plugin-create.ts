import { relative } from "node:path";
import { Command } from "commander";
import type { CommandWorld } from "../command-world.js";
import type { CreatedPlugin } from "../plugin-create/create-plugin.js";
import { EXIT_USAGE, type Terminal } from "../terminal.js";

/** As plugin-api lists them: help shows them at every start, which loading it would slow down. */
const KINDS =
  "transport, request-filter, filter, weigher, scheduler, virt-driver, network-driver, network-manager, image-store, authenticator, servicegroup-driver, hook, service, notifier";

/** `kilonova plugin create KIND PATH`: the package of a new plugin. */
export function pluginCommand({ terminal, argv, endWith }: CommandWorld): Command {
  const create = new Command("create")
    .description("Write the package of a new plugin: it builds, its tests pass, and it does something small.")
    .argument("<kind>", KINDS)
    .argument("<path>", "its folder, which is missing or empty; the last part names the package")
    .option("--description <text>", "what it does, in a sentence")
    .addHelpText("after", "\nExample:\n  kilonova plugin create filter ./gpu-affinity-filter")
    .action(async (kind: string, path: string, { description }: { readonly description?: string }) => {
      const { availableGroups } = await import("../available-groups.js");
      const { createPlugin } = await import("../plugin-create/create-plugin.js");
      const { groups } = await availableGroups(argv);
      const created = await createPlugin({
        kind,
        path,
        knownGroups: groups.map(({ name }) => name),
        ...(description === undefined ? {} : { description }),
      });
      if ("problem" in created) {
        terminal.progress(`kilonova: ${created.problem}.`);
        return endWith(EXIT_USAGE);
      }
      tellNextSteps(created, terminal);
    });
  return new Command("plugin")
    .description("Write plugins.")
    .addHelpText("after", "\nExample:\n  kilonova plugin create filter ./gpu-affinity-filter")
    .addCommand(create);
}

function tellNextSteps({ directory, files, configuration }: CreatedPlugin, terminal: Terminal): void {
  const lines = [
    `Written to ${directory}:`,
    ...files.map((file) => `  ${file}`),
    "",
    "Next:",
    `  cd ${relative(process.cwd(), directory) || "."}`,
    "  npm install",
    "  npm test",
    "",
    "Then, in the folder of the cloud's kilonova.config.yaml:",
    `  npm install ${directory}`,
    "",
    "and in kilonova.config.yaml:",
    ...configuration
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`),
  ];
  for (const line of lines) terminal.print(line);
}
