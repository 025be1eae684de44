import { optionsHelp } from "@kilonova/config";
import { type AvailableGroups, availableGroups } from "./available-groups.js";

const HELP_FLAGS = ["-h", "--help"];
/** As `--help`, without the options of others. */
export const SHORT_HELP = "--shorthelp";

/**
 * What the help that a command line asks for lists: the program's own, and that of services by name, all options there
 * are; the short one of services what is named as they are. Undefined where no list is asked for.
 *
 * @param rest the command line without options of the cloud
 */
export async function listedOptions(
  rest: readonly string[],
  argv: readonly string[],
): Promise<AvailableGroups | undefined> {
  const isShort = rest.includes(SHORT_HELP);
  if (!isShort && !rest.some((argument) => HELP_FLAGS.includes(argument))) return undefined;
  const [command, ...services] = rest.filter((argument) => !argument.startsWith("-"));
  const isProgram = command === undefined && !isShort;
  const isService = command === "serve" && services.length > 0;
  if (!isProgram && !isService) return undefined;
  const { groups, missing } = await availableGroups(argv);
  if (!isShort) return { groups, missing };
  return { groups: groups.filter(({ name }) => services.includes(name)), missing: [] };
}

/** The words for flags that commander knows: it has one help. */
export function asLongHelp(rest: readonly string[]): readonly string[] {
  return rest.map((argument) => (argument === SHORT_HELP ? "--help" : argument));
}

/** What stands below the flags of every help text. */
export function optionsFooter(listed: AvailableGroups | undefined, width: number): string {
  if (!listed) return "\nOptions of the cloud, --group.option VALUE, are listed by `kilonova --help`.";
  const notes = listed.missing.map((reason) => `\nNot all options are listed: ${reason}`);
  return ["", "Options of the cloud:", optionsHelp(listed.groups, width), ...notes].join("\n");
}
