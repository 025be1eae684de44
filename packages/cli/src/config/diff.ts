import { differences, differencesFromDefaults, type OptionDifference, type ShownOption } from "@kilonova/config";
import type { Terminal } from "../terminal.js";
import { jsonValue } from "./show.js";
import { wholeConfiguration } from "./whole-configuration.js";

/**
 * What differs between the configuration and the defaults, or that of another file. The environment and the command line
 * count in both.
 *
 * @throws ConfigurationError where a file can't be used, or values are wrong
 */
export async function configurationDifferences(
  argv: readonly string[],
  file: string | undefined,
): Promise<readonly OptionDifference[]> {
  const { configuration } = await wholeConfiguration(argv);
  if (file === undefined) return differencesFromDefaults(configuration);
  const { configuration: other } = await wholeConfiguration(argv, [file]);
  return differences(configuration, other);
}

/** Each option, with its value before and after. */
export function printDifferences(found: readonly OptionDifference[], terminal: Terminal): void {
  for (const { option, before, after } of found) {
    terminal.print(option);
    terminal.print(`  - ${sideText(before)}`);
    terminal.print(`  + ${sideText(after)}`);
  }
}

/** The differences as programs read them. */
export function jsonDifferences(found: readonly OptionDifference[]) {
  const side = (shown: ShownOption | undefined) => shown && { value: jsonValue(shown.value), origin: shown.origin };
  return found.map(({ option, before, after }) => ({ option, before: side(before), after: side(after) }));
}

function sideText(side: ShownOption | undefined): string {
  return side === undefined ? "not declared" : `${side.value}  (${side.origin})`;
}
