import { readFileSync } from "node:fs";
import { loadConfiguration } from "@kilonova/config";
import { IN_BOX_GROUPS } from "@kilonova/deployment";
import { Command, CommanderError } from "commander";
import { dbCommand } from "./commands/db.js";
import { downCommand } from "./commands/down.js";
import { optionsHelp } from "./commands/options-help.js";
import { serveCommand } from "./commands/serve.js";
import { upCommand } from "./commands/up.js";
import { EXIT_USAGE, type Terminal } from "./terminal.js";

/** What every command gets. */
export interface CommandWorld {
  readonly terminal: Terminal;
  /** The whole command line: the configuration is read from it again, with what the command adds. */
  readonly argv: readonly string[];
}

/**
 * Runs one command of `kilonova`.
 *
 * @param argv the arguments behind the program's name; those of the form `--group.option` are options of the cloud
 * @returns the exit code
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { rest } = await loadConfiguration({ program: "kilonova", argv, groups: IN_BOX_GROUPS });
  const program = commandTree({ terminal, argv });
  try {
    await program.parseAsync([...rest], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    throw error;
  }
}

function commandTree(world: CommandWorld): Command {
  const program = new Command("kilonova")
    .description("A compute cloud that speaks the OpenStack APIs.")
    .version(version())
    .showHelpAfterError("(run it with --help to see what it takes)")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.terminal.print(text.trimEnd()),
      writeErr: (text) => world.terminal.progress(text.trimEnd()),
    })
    .addHelpText("after", () => optionsHelp());
  for (const make of [upCommand, downCommand, serveCommand, dbCommand]) {
    program.addCommand(inherit(make(world), program));
  }
  return program;
}

/** Commands end and write as their program does. */
function inherit(command: Command, program: Command): Command {
  command.copyInheritedSettings(program);
  for (const inner of command.commands) inherit(inner, program);
  return command;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "unknown";
}
