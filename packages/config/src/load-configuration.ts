import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { type CommandLine, readCommandLine } from "./command-line.js";
import { configFilesIn } from "./config-directory.js";
import { type ConfigFile, readConfigFile } from "./config-file.js";
import { findConfigFile, searchFolders } from "./config-search.js";
import { Configuration } from "./configuration.js";
import { ConfigurationError, type ConfigurationProblem } from "./configuration-error.js";
import { oldNames } from "./group-values.js";
import { environmentLayer, type Layer, overrideLayer, presetLayer } from "./layer.js";
import type { OptionGroup } from "./option-group.js";
import { isBoolean } from "./schema-parts.js";

/** Where a configuration is loaded from. All but the program's name defaults to the running process. */
export interface LoadSettings {
  /** The name of the running program, for messages. */
  readonly program: string;
  /** The arguments behind the program's name. */
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly home?: string;
  /**
   * The files to read, in place of those that are searched and those that the command line names; relative to the working
   * folder.
   */
  readonly files?: readonly string[];
  /** The folders to search instead of the working folder, the user's and the machine's; relative to the working folder. */
  readonly searchFolders?: readonly string[];
  /** Groups known beforehand, so that the command line knows which of their options are boolean. */
  readonly groups?: readonly OptionGroup[];
  /** Values given in code in place of the schemas' defaults, by group and option; all others win over these. */
  readonly presets?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Values given in code, by group and option; these win over all others. */
  readonly overrides?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/**
 * Gathers the options of a process; later layers win, option by option: defaults, presets, files, environment, command line,
 * overrides. Of the searched files the first one found is used alone; `--config-file` replaces the search; the files of each
 * `--config-dir` come after that, in the order of their names. Values are checked later, when a group is asked for.
 *
 * @throws ConfigurationError when a file can't be read, can't be parsed, or is no mapping of groups.
 */
export async function loadConfiguration(settings: LoadSettings): Promise<Configuration> {
  const { program, argv = process.argv.slice(2), env = process.env, home = homedir(), groups = [] } = settings;
  const cwd = resolve(settings.cwd ?? process.cwd());
  const commandLine = takenApart(argv, groups);
  const presets = presetLayer(settings.presets ?? {});
  const above = [environmentLayer(env), commandLine.layer, overrideLayer(settings.overrides ?? {})];
  const folders = settings.searchFolders ?? searchFolders(cwd, home, env["XDG_CONFIG_HOME"]);

  const nameless = [
    ...namelessProblems("--config-file", "a file's name", commandLine.configFiles),
    ...namelessProblems("--config-dir", "a folder's name", commandLine.configDirectories),
  ];
  if (nameless.length > 0) throw new ConfigurationError(program, nameless);
  const named = (settings.files ?? commandLine.configFiles).map((path) => resolve(cwd, path));
  const directories = settings.files ? [] : commandLine.configDirectories.map((path) => resolve(cwd, path));
  const readDirectories = async () => (await Promise.all(directories.map(configFilesIn))).flat();
  const first =
    settings.files || named.length > 0
      ? await readAll(named)
      : await search(folders.map((folder) => resolve(cwd, folder)));
  const files = [...first, ...(await readDirectories())];
  const layersOf = (read: readonly ConfigFile[]): readonly Layer[] => {
    const problems = read.flatMap((file) => file.problems);
    if (problems.length > 0) throw new ConfigurationError(program, problems);
    return [presets, ...read.map((file) => file.layer), ...above];
  };

  const configuration = new Configuration({
    program,
    rest: commandLine.rest,
    layers: layersOf(files),
    files: files.map((file) => file.path),
    baseDirectory: files[0] ? dirname(files[0].path) : cwd,
    // A folder is looked through again: files come and go there.
    readAgain: async () => layersOf([...(await readAll(first.map((file) => file.path))), ...(await readDirectories())]),
  });
  configuration.register(...groups);
  return configuration;
}

/**
 * The arguments of a command line that are no options: subcommands, positional arguments, other flags. No file is read, so
 * that a program can answer `--help` and `--version` whatever its configuration is like.
 *
 * @param groups known beforehand, so that their boolean options leave the next argument alone
 */
export function restOfCommandLine(argv: readonly string[], groups: readonly OptionGroup[] = []): readonly string[] {
  return takenApart(argv, groups).rest;
}

function takenApart(argv: readonly string[], groups: readonly OptionGroup[]): CommandLine {
  const booleans = booleanNames(groups);
  return readCommandLine(argv, (name) => booleans.has(name));
}

function namelessProblems(flag: string, expected: string, names: readonly string[]): readonly ConfigurationProblem[] {
  if (!names.includes("")) return [];
  return [{ option: flag, place: "command line", expected, received: "nothing" }];
}

async function readAll(paths: readonly string[]): Promise<readonly ConfigFile[]> {
  return Promise.all(paths.map((path) => readConfigFile(path)));
}

async function search(folders: readonly string[]): Promise<readonly ConfigFile[]> {
  const found = await findConfigFile(folders);
  return found ? [found] : [];
}

function booleanNames(groups: readonly OptionGroup[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name, schema } of groups) {
    for (const [option, type] of Object.entries(schema.shape)) {
      if (!isBoolean(type)) continue;
      for (const [group, each] of [[name, option] as const, ...oldNames(name, type)]) names.add(`${group}.${each}`);
    }
  }
  return names;
}
