import type { Entry, Layer } from "./layer.js";

/** A command line taken apart. */
export interface CommandLine {
  readonly layer: Layer;
  /** The arguments of `--config-file`, in order. */
  readonly configFiles: readonly string[];
  /** The arguments of `--config-dir`, in order. */
  readonly configDirectories: readonly string[];
  /** All that is no option of ours, in order: subcommands, positional arguments, other flags. */
  readonly rest: readonly string[];
}

const OPTION = /^--([a-z][A-Za-z0-9]*\.[a-z][A-Za-z0-9]*)(?:=([\s\S]*))?$/;
const NO_OPTION = /^--no-([a-z][A-Za-z0-9]*\.[a-z][A-Za-z0-9]*)$/;
const CONFIG_PLACE = /^--config-(file|dir)(?:=([\s\S]*))?$/;

/**
 * Takes `--group.option value`, `--group.option=value`, `--group.option` (true), `--no-group.option` (false) and
 * `--config-file F` and `--config-dir D` out of the arguments. An option takes the next argument unless that begins with `-` and is no number;
 * one known to be boolean takes only `true` or `false`, so that `--debug.sql up` keeps its subcommand. A lone `--` ends it.
 *
 * @param isBooleanOption tells of `group.option`; false for options that nobody has declared yet.
 */
export function readCommandLine(argv: readonly string[], isBooleanOption: (name: string) => boolean): CommandLine {
  const entries = new Map<string, Entry>();
  const configFiles: string[] = [];
  const configDirectories: string[] = [];
  const rest: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? "";
    if (argument === "--") {
      rest.push(...argv.slice(index));
      break;
    }
    const [place, kind, path] = CONFIG_PLACE.exec(argument) ?? [];
    if (place !== undefined) {
      const places = kind === "file" ? configFiles : configDirectories;
      places.push(path ?? argv[++index] ?? "");
      continue;
    }
    const off = NO_OPTION.exec(argument)?.[1];
    if (off !== undefined) {
      entries.set(off, { value: false, origin: { from: "command line", flag: argument } });
      continue;
    }
    const [, name, inline] = OPTION.exec(argument) ?? [];
    if (name === undefined) {
      rest.push(argument);
      continue;
    }
    const takesNext = inline === undefined && isValue(argv[index + 1], isBooleanOption(name));
    const text = takesNext ? argv[++index] : inline;
    const earlier = entries.get(name);
    const origin = { from: "command line", flag: `--${name}` } as const;
    if (text === undefined) entries.set(name, { value: true, origin });
    else entries.set(name, { texts: [...(earlier && "texts" in earlier ? earlier.texts : []), text], origin });
  }
  return { layer: { keyedBy: "option", entries }, configFiles, configDirectories, rest };
}

function isValue(argument: string | undefined, forBoolean: boolean): boolean {
  if (argument === undefined) return false;
  if (forBoolean) return argument === "true" || argument === "false";
  return !argument.startsWith("-") || argument === "-" || /^-\.?\d/.test(argument);
}
