import { describeOptions, type OptionDescription, type OptionGroup } from "@kilonova/config";

const NAME_WIDTH = 44;
const NARROWEST = 30;

/**
 * The options of the cloud, as `--help` lists them.
 *
 * @param width columns of the whole
 */
export function optionsHelp(groups: readonly OptionGroup[], width: number): string {
  const list = (name: string, words: readonly string[]) =>
    row(`  --${name}`, words, Math.max(width - NAME_WIDTH - 1, NARROWEST));
  return [
    "",
    "Options of the cloud:",
    list(
      "config-file",
      "Read this file in place of kilonova.config.yaml in this folder, in ~/.config/kilonova or in /etc/kilonova; may be repeated, later wins.".split(
        " ",
      ),
    ),
    ...describeOptions(groups).map((option) => list(`${option.group}.${option.option}`, wordsOf(option))),
    "",
    "Each may also stand in the file (http: {port: 9774}) or the environment (KILONOVA_HTTP__PORT=9774);",
    "the command line wins over the environment, and that over the file.",
    "",
    "Examples:",
    "  kilonova up --first-guest",
    "  kilonova up --state-dir ~/cloud --http.port 9774 --scheduler.maxAttempts=5",
    "  kilonova serve conductor scheduler --config-file /etc/kilonova/kilonova.config.yaml",
  ].join("\n");
}

/** What is never parted over two lines; a default goes in one piece, but for a list. */
function wordsOf(option: OptionDescription): readonly string[] {
  const words = option.description.split(" ");
  const preset = shownDefault(option);
  return preset === undefined ? words : [...words, ...`(default:\u00a0${preset})`.split(" ")];
}

/** A default as an operator would write it; none for a secret, nor for a list or a table with nothing in it. */
function shownDefault({ default: preset, secret }: OptionDescription): string | undefined {
  if (preset === undefined || secret) return undefined;
  if (Array.isArray(preset)) return preset.length === 0 ? undefined : preset.map(String).join(", ");
  if (typeof preset !== "object" || preset === null) return String(preset);
  return Object.keys(preset).length === 0 ? undefined : JSON.stringify(preset);
}

/** A name, and its words in a column beside it. */
function row(name: string, words: readonly string[], width: number): string {
  const [first = "", ...rest] = wrapped(words, width);
  const head = `${name.padEnd(NAME_WIDTH)} ${first}`;
  return [head, ...rest.map((line) => `${" ".repeat(NAME_WIDTH + 1)}${line}`)].join("\n");
}

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
