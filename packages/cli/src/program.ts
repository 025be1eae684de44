import { readFileSync } from "node:fs";
import { restOfCommandLine } from "@kilonova/config";
import { Command, CommanderError } from "commander";
import { inBoxGroups } from "./available-groups.js";
import type { CommandWorld } from "./command-world.js";
import { COMMANDS } from "./commands.js";
import { asLongHelp, listedOptions, optionsFooter, SHORT_HELP } from "./help.js";
import { EXIT_USAGE, type Terminal } from "./terminal.js";

/**
 * Runs one command of `kilonova`.
 *
 * @param argv the arguments behind the program's name; those of the form `--group.option` are options of the cloud
 * @returns the exit code
 * @throws whatever the command fails with, for `explainFailure`
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const rest = await withoutOptions(argv);
  const footer = optionsFooter(await listedOptions(rest, argv), terminal.width);
  let exitCode = 0;
  const endWith = (code: number) => {
    exitCode = code;
  };
  const program = commandTree({ terminal, argv, endWith }, footer);
  try {
    await program.parseAsync(asLongHelp(rest), { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    throw error;
  }
}

/** Which options are boolean, and leave the next argument alone, is known only to the services, that take long to load. */
async function withoutOptions(argv: readonly string[]): Promise<readonly string[]> {
  const mayTakeNext = argv.some((argument) => /^--\w+\.\w+$/.test(argument));
  return restOfCommandLine(argv, mayTakeNext ? await inBoxGroups() : []);
}

const EXAMPLES = [
  "Examples:",
  "  kilonova up --first-guest",
  "  kilonova up --state-dir ~/cloud --http.port 9774 --scheduler.maxAttempts=5",
  "  kilonova serve conductor scheduler --config-file /etc/kilonova/kilonova.config.yaml",
].join("\n");

function commandTree(world: CommandWorld, footer: string): Command {
  const program = new Command("kilonova")
    .description("A compute cloud that speaks the OpenStack APIs.")
    .version(version(), "-V, --version", "print the version")
    // Answered as `--help` is, with another footer; here for the list of flags.
    .option(SHORT_HELP, "show this help without the options of the cloud")
    .exitOverride()
    // Of a command that is missing, the list of commands says enough.
    .addHelpText("after", ({ error }) => (error ? "" : `${footer}\n\n${EXAMPLES}`));
  for (const make of COMMANDS) program.addCommand(make(world));
  settle(program, "kilonova", world.terminal, footer);
  return program;
}

/** Commands end, write and complain as their program does. */
function settle(command: Command, path: string, terminal: Terminal, footer: string): void {
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
    inner.addHelpText("after", footer);
    inner.copyInheritedSettings(command);
    settle(inner, `${path} ${inner.name()}`, terminal, footer);
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
