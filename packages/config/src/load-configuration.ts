import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { readCommandLine } from "./command-line.js";
import { type ConfigFile, readConfigFile } from "./config-file.js";
import { findConfigFile, searchFolders } from "./config-search.js";
import { Configuration } from "./configuration.js";
import { ConfigurationError } from "./configuration-error.js";
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
 * overrides. Of the searched files the first one found is used alone; `--config-file` replaces the search.
 * Values are checked later, when a group is asked for.
 *
 * @throws ConfigurationError when a file can't be read, can't be parsed, or is no mapping of groups.
 */
export async function loadConfiguration(settings: LoadSettings): Promise<Configuration> {
  const { program, argv = process.argv.slice(2), env = process.env, home = homedir(), groups = [] } = settings;
  const cwd = resolve(settings.cwd ?? process.cwd());
  const booleans = booleanNames(groups);
  const commandLine = readCommandLine(argv, (name) => booleans.has(name));
  const presets = presetLayer(settings.presets ?? {});
  const above = [environmentLayer(env), commandLine.layer, overrideLayer(settings.overrides ?? {})];
  const folders = settings.searchFolders ?? searchFolders(cwd, home, env["XDG_CONFIG_HOME"]);

  if (commandLine.configFiles.includes("")) {
    const problem = { option: "--config-file", place: "command line", expected: "a file's name", received: "nothing" };
    throw new ConfigurationError(program, [problem]);
  }
  const named = commandLine.configFiles.map((path) => resolve(cwd, path));
  const files = named.length > 0 ? await readAll(named) : await search(folders.map((folder) => resolve(cwd, folder)));
  const inUse = files.map((file) => file.path);
  const layersOf = (read: readonly ConfigFile[]): readonly Layer[] => {
    const problems = read.flatMap((file) => file.problems);
    if (problems.length > 0) throw new ConfigurationError(program, problems);
    return [presets, ...read.map((file) => file.layer), ...above];
  };

  const [first] = inUse;
  const configuration = new Configuration({
    program,
    files: inUse,
    rest: commandLine.rest,
    layers: layersOf(files),
    baseDirectory: first === undefined ? cwd : dirname(first),
    readAgain: async () => layersOf(await readAll(inUse)),
  });
  configuration.register(...groups);
  return configuration;
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
