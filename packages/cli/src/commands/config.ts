import { Command } from "commander";
import type { CommandWorld } from "../command-world.js";

interface JsonFlag {
  readonly json?: boolean;
}

/** `kilonova config show | check | diff | sample | schema`: what the options are, and where they come from. */
export function configCommand(world: CommandWorld): Command {
  const group = new Command("config")
    .description("Show, check and compare options, and write files that say what there is.")
    .addHelpText("after", "\nExample:\n  kilonova config check && kilonova config diff");
  for (const make of [showCommand, checkCommand, diffCommand, sampleCommand, schemaCommand]) {
    group.addCommand(make(world));
  }
  return group;
}

function showCommand({ argv, terminal }: CommandWorld): Command {
  return new Command("show")
    .description("Show options with their values and where these come from; secrets are masked.")
    .argument("[name]", "a group, or one option as group.option; all where there is none")
    .option("--json", "print JSON")
    .addHelpText("after", "\n`kilonova up` adds to what is shown here the places in its state folder.")
    .addHelpText("after", "\nExample:\n  kilonova config show scheduler.filters --json")
    .action(async (name: string | undefined, flags: JsonFlag) => {
      const { jsonValue, printOptions, shownOptions } = await import("../config/show.js");
      const { wholeConfiguration } = await import("../config/whole-configuration.js");
      const { configuration, failures } = await wholeConfiguration(argv);
      const options = shownOptions(configuration, name);
      for (const note of [...failures, ...configuration.warnings]) terminal.progress(`Warning: ${note}`);
      if (!flags.json) return printOptions(options, terminal);
      terminal.print(
        JSON.stringify(
          options.map((each) => ({ ...each, value: jsonValue(each.value) })),
          null,
          2,
        ),
      );
    });
}

function checkCommand(world: CommandWorld): Command {
  return new Command("check")
    .description("Say everything that is wrong: unknown names, wrong values, old names, plugins that cannot be loaded.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nEnds with 0 where nothing is wrong, else with 2. Warnings alone do not count.")
    .addHelpText("after", "\nExample:\n  kilonova config check --config-file /etc/kilonova/kilonova.config.yaml")
    .action(async (flags: JsonFlag) => {
      const { checkConfiguration } = await import("../config/check.js");
      await checkConfiguration(world, flags.json ?? false);
    });
}

function diffCommand({ argv, terminal }: CommandWorld): Command {
  return new Command("diff")
    .description("Show what differs from the defaults or, with a file, what would if that file were read instead.")
    .argument("[file]", "the other configuration file")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  kilonova config diff ./kilonova.config.new.yaml")
    .action(async (file: string | undefined, flags: JsonFlag) => {
      const { configurationDifferences, jsonDifferences, printDifferences } = await import("../config/diff.js");
      const found = await configurationDifferences(argv, file);
      if (flags.json) return terminal.print(JSON.stringify(jsonDifferences(found), null, 2));
      if (found.length === 0) return terminal.print("There is no difference.");
      printDifferences(found, terminal);
    });
}

function sampleCommand({ argv, terminal }: CommandWorld): Command {
  return new Command("sample")
    .description("Print a file with every option, plugins' included, each commented out.")
    .addHelpText("after", "\nExample:\n  kilonova config sample > kilonova.config.yaml")
    .action(async () => {
      const { sample } = await import("@kilonova/config");
      terminal.print(sample(await groupsFor(argv, terminal)).trimEnd());
    });
}

function schemaCommand({ argv, terminal }: CommandWorld): Command {
  return new Command("schema")
    .description("Print the JSON Schema of configuration files, which editors complete and check from.")
    .addHelpText(
      "after",
      [
        "",
        "For editors that run yaml-language-server, begin the file with this line:",
        "  # yaml-language-server: $schema=./kilonova.schema.json",
      ].join("\n"),
    )
    .addHelpText("after", "\nExample:\n  kilonova config schema > kilonova.schema.json")
    .action(async () => {
      const { jsonSchema } = await import("@kilonova/config");
      terminal.print(JSON.stringify(jsonSchema(await groupsFor(argv, terminal)), null, 2));
    });
}

/** What is known of the options, whatever the values are like; what is missing from it is said beside it. */
async function groupsFor(argv: CommandWorld["argv"], terminal: CommandWorld["terminal"]) {
  const { availableGroups } = await import("../available-groups.js");
  const { groups, missing } = await availableGroups(argv);
  for (const reason of missing) terminal.progress(`Warning: not all options are there: ${reason}`);
  return groups;
}
