import { describeOptions, type OptionDescription } from "./describe-options.js";
import type { OptionGroup } from "./option-group.js";

const NAME_WIDTH = 44;
const NARROWEST = 30;
const WIDTH_OF_NO_TERMINAL = 100;

/** What the help of a program is made of. */
export interface HelpSettings {
  /** The name that the program is called by. */
  readonly program: string;
  /** What it does, in a sentence. */
  readonly description?: string;
  /** The words behind the name in the line of usage, as `[name...]`; options are always named there. */
  readonly positionals?: string;
  /** The groups whose options are listed: all that are known for `--help`, the program's own for `--shorthelp`. */
  readonly groups: readonly OptionGroup[];
  /** Columns of the whole; 100 where nothing is said. */
  readonly width?: number;
}

/**
 * The help of a program that takes its options from files, environment and command line, as `--help` and `--shorthelp`
 * print it.
 */
export function helpText({ program, description, positionals, groups, width }: HelpSettings): string {
  const columns = width ?? WIDTH_OF_NO_TERMINAL;
  const usage = ["Usage:", program, "[options]", ...(positionals === undefined ? [] : [positionals])].join(" ");
  const flags = [
    row("  -h, --help", ["Show this help with all options."], columns),
    row("  --shorthelp", ["Show this help with the program's own options."], columns),
    row("  -V, --version", ["Print the version."], columns),
  ];
  const parts = [usage, ...(description === undefined ? [] : ["", description]), "", "Flags:", ...flags, ""];
  return [...parts, "Options:", optionsHelp(groups, columns)].join("\n");
}

/**
 * The part of a help text that lists options, each with its description and default, and says where they are written.
 *
 * @param width columns of the whole
 */
export function optionsHelp(groups: readonly OptionGroup[], width: number): string {
  return [
    row("  --config-file", CONFIG_FILE.split(" "), width),
    row("  --config-dir", CONFIG_DIR.split(" "), width),
    ...describeOptions(groups).map((option) => row(`  --${option.group}.${option.option}`, wordsOf(option), width)),
    "",
    "Each may also stand in the file (log: {level: debug}) or in the environment",
    "(KILONOVA_LOG__LEVEL=debug). The command line wins over the environment, and that over the file.",
  ].join("\n");
}

const CONFIG_FILE =
  "Read this file in place of kilonova.config.yaml in this folder, in ~/.config/kilonova or in /etc/kilonova; may be repeated, later wins.";
const CONFIG_DIR =
  "After that, read the .yaml, .yml, .json and .toml files of this folder in the order of their names; may be repeated, later wins.";

/** What is never parted over two lines; a default goes in one piece, but for a list. */
function wordsOf(option: OptionDescription): readonly string[] {
  const words = option.description.split(/\s+/);
  const preset = shownDefault(option);
  return preset === undefined ? words : [...words, ...`(default:\u00a0${preset})`.split(" ")];
}

/** A default as an operator would write it; none for a secret, nor for a list or a table with nothing in it. */
function shownDefault({ default: preset, defaultText, secret }: OptionDescription): string | undefined {
  if (defaultText !== undefined) return defaultText.replaceAll(" ", "\u00a0");
  if (preset === undefined || secret) return undefined;
  if (Array.isArray(preset)) return preset.length === 0 ? undefined : preset.map(itemText).join(", ");
  if (typeof preset !== "object" || preset === null) return String(preset);
  return Object.keys(preset).length === 0 ? undefined : JSON.stringify(preset);
}

function itemText(item: unknown): string {
  return typeof item === "object" ? JSON.stringify(item) : String(item);
}

/** A name, and its words in a column beside it, or below where the name is too long for that. */
function row(name: string, words: readonly string[], width: number): string {
  const lines = wrapped(words, Math.max(width - NAME_WIDTH - 1, NARROWEST));
  const below = (line: string) => `${" ".repeat(Math.max(0, Math.min(NAME_WIDTH + 1, width - line.length)))}${line}`;
  if (name.length > NAME_WIDTH) return [name, ...lines.map(below)].join("\n");
  const [first = "", ...rest] = lines;
  return [`${name.padEnd(NAME_WIDTH)} ${first}`, ...rest.map(below)].join("\n");
}

/** Lines of words; one word alone may be longer than a line. */
function wrapped(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((each) => each.replaceAll("\u00a0", " "));
}
