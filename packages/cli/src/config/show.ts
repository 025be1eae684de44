import { type Configuration, ConfigurationError, type DumpedOption, nearestName, splitName } from "@kilonova/config";
import type { Terminal } from "../terminal.js";

/**
 * The options of a group, one option, or all, with their values and where these come from.
 *
 * @param name `group` or `group.option`
 * @throws ConfigurationError where there is no such option, or values are wrong
 */
export function shownOptions(configuration: Configuration, name: string | undefined): readonly DumpedOption[] {
  if (name === undefined) return configuration.dump();
  const [groupName, option] = splitName(name);
  const group = configuration.groups().find((each) => each.name === groupName);
  if (group && option === "") return configuration.dump([group]);
  if (!group && option === "") throw unknownGroup(configuration, name);
  const found = configuration.lookUp(name);
  return configuration.dump([found.group]).filter((dumped) => dumped.option === name);
}

/** A line for each option: its name, its value, and where that comes from. */
export function printOptions(options: readonly DumpedOption[], terminal: Terminal): void {
  const width = Math.max(...options.map(({ option }) => option.length));
  for (const { option, value, origin } of options) {
    terminal.print(`${option.padEnd(width)}  ${value}  (${origin})`);
  }
}

/** A value of a dump as JSON says it; null where there is none. */
export function jsonValue(shown: string): unknown {
  try {
    return JSON.parse(shown);
  } catch {
    return null;
  }
}

function unknownGroup(configuration: Configuration, name: string): ConfigurationError {
  const suggestion = nearestName(
    name,
    configuration.groups().map((each) => each.name),
  );
  const problem = { option: name, place: "command line", expected: "a group of options", received: "an unknown one" };
  return new ConfigurationError(configuration.program, [
    suggestion === undefined ? problem : { ...problem, suggestion },
  ]);
}
