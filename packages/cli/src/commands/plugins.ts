import { Command } from "commander";
import type { CommandWorld } from "../command-world.js";

interface JsonFlag {
  readonly json?: boolean;
}

/** `kilonova plugins list | show | check`: which plugins there are, what they do here, and what is wrong with them. */
export function pluginsCommand(world: CommandWorld): Command {
  const group = new Command("plugins")
    .description("Show and check the plugins that are in the box and installed beside the configuration.")
    .addHelpText("after", "\nExample:\n  kilonova plugins list && kilonova plugins check");
  for (const make of [listCommand, showCommand, checkCommand]) group.addCommand(make(world));
  return group;
}

function listCommand({ argv, terminal }: CommandWorld): Command {
  return new Command("list")
    .description("List plugins with what they provide, where they are from, and which options use them.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  kilonova plugins list --config-file /etc/kilonova/kilonova.config.yaml")
    .action(async (flags: JsonFlag) => {
      const { listPlugins } = await import("@kilonova/deployment");
      const plugins = await listPlugins(argv);
      if (flags.json) return terminal.print(JSON.stringify(plugins, null, 2));
      const { printPlugins } = await import("../plugins/print-plugins.js");
      printPlugins(plugins, terminal);
    });
}

function showCommand({ argv, terminal }: CommandWorld): Command {
  return new Command("show")
    .description("Show a plugin: its manifest in full, its options with their values, its hooks.")
    .argument("<package>", "the name of its package")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  kilonova plugins show @kilonova/virt-qemu")
    .action(async (name: string, flags: JsonFlag) => {
      const { showPlugin } = await import("@kilonova/deployment");
      const plugin = await showPlugin(name, argv);
      const { jsonPlugin, printPlugin } = await import("../plugins/print-plugins.js");
      if (flags.json) return terminal.print(JSON.stringify(jsonPlugin(plugin), null, 2));
      printPlugin(plugin, terminal);
    });
}

function checkCommand({ argv, terminal, endWith }: CommandWorld): Command {
  return new Command("check")
    .description("Load plugins, and say what is wrong: manifest, version of plugin-api, names, exports, options.")
    .argument("[plugin]", "the name of a package, a folder with one, or an object path; all where there is none")
    .option("--json", "print JSON")
    .addHelpText("after", "\nEnds with 0 where nothing is wrong, else with 1.")
    .addHelpText("after", "\nExample:\n  kilonova plugins check ./my-plugin")
    .action(async (target: string | undefined, flags: JsonFlag) => {
      const { checkPlugins } = await import("@kilonova/deployment");
      const { EXIT_FAILURE } = await import("../terminal.js");
      const verdicts = await checkPlugins(target, argv);
      if (verdicts.some(({ problems }) => problems.length > 0)) endWith(EXIT_FAILURE);
      if (flags.json) return terminal.print(JSON.stringify(verdicts, null, 2));
      const { printVerdicts } = await import("../plugins/print-plugins.js");
      printVerdicts(verdicts, terminal);
    });
}
