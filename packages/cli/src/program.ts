import { readFileSync } from "node:fs";
import { loadConfiguration, type OptionGroup } from "@kilonova/config";
import { IN_BOX_GROUPS, knownGroups } from "@kilonova/deployment";
import { Command, CommanderError } from "commander";
import type { CommandWorld } from "./command-world.js";
import { dbCommand } from "./commands/db.js";
import { downCommand } from "./commands/down.js";
import { optionsHelp } from "./commands/options-help.js";
import { serveCommand } from "./commands/serve.js";
import { upCommand } from "./commands/up.js";
import { EXIT_USAGE, type Terminal } from "./terminal.js";

/**
 * Runs one command of `kilonova`.
 *
 * @param argv the arguments behind the program's name; those of the form `--group.option` are options of the cloud
 * @returns the exit code
 * @throws whatever the command fails with, for `explainFailure`
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { rest, baseDirectory } = await loadConfiguration({ program: "kilonova", argv, groups: IN_BOX_GROUPS });
  const plugins = rest.some((argument) => HELP_FLAGS.includes(argument)) ? await knownGroups(baseDirectory) : [];
  const program = commandTree({ terminal, argv }, [...IN_BOX_GROUPS, ...plugins]);
  try {
    await program.parseAsync([...rest], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    throw error;
  }
}

const HELP_FLAGS = ["-h", "--help"];

function commandTree(world: CommandWorld, groups: readonly OptionGroup[]): Command {
  const program = new Command("kilonova")
    .description("A compute cloud that speaks the OpenStack APIs.")
    .version(version(), "-V, --version", "print the version")
    .exitOverride()
    // Of a command that is missing, the list of commands says enough.
    .addHelpText("after", ({ error }) => (error ? "" : optionsHelp(groups, world.terminal.width)));
  for (const make of [upCommand, downCommand, serveCommand, dbCommand]) program.addCommand(make(world));
  settle(program, "kilonova", world.terminal);
  return program;
}

/** Commands end, write and complain as their program does. */
function settle(command: Command, path: string, terminal: Terminal): void {
  command
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.progress(text.trimEnd()),
      outputError: (text, write) => write(usageError(text, path)),
      getOutHelpWidth: () => terminal.width,
      getErrHelpWidth: () => terminal.width,
    });
  for (const inner of command.commands) {
    inner.addHelpText("after", "\nOptions of the cloud, --group.option VALUE, are listed by `kilonova --help`.");
    inner.copyInheritedSettings(command);
    settle(inner, `${path} ${inner.name()}`, terminal);
  }
}

/** One line: what is wrong, what was probably meant, and where to look. */
function usageError(text: string, path: string): string {
  const words = text
    .replace(/^error: /, "")
    .trim()
    .split("\n")
    .join(" ");
  return `kilonova: ${words}${/[.?)]$/.test(words) ? "" : "."} \`${path} --help\` shows what there is.`;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "unknown";
}
