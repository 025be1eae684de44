import { loadConfiguration, type OptionGroup } from "@kilonova/config";

/** The option groups that can be told of. */
export interface AvailableGroups {
  readonly groups: readonly OptionGroup[];
  /** Why some that should be there are not, in words. */
  readonly missing: readonly string[];
}

/** The groups of all that is in the box, plugins apart. */
export async function inBoxGroups(): Promise<readonly OptionGroup[]> {
  const { IN_BOX_GROUPS } = await import("@kilonova/deployment");
  return IN_BOX_GROUPS;
}

/** The groups in the box and of plugins. A configuration that can't be read, or a broken plugin, costs only its own. */
export async function availableGroups(argv: readonly string[]): Promise<AvailableGroups> {
  const { knownGroups } = await import("@kilonova/deployment");
  const groups = await inBoxGroups();
  const missing: string[] = [];
  const note = (error: unknown) => {
    missing.push(error instanceof Error ? error.message : String(error));
    return undefined;
  };
  const configuration = await loadConfiguration({ program: "kilonova", argv, groups }).catch(note);
  const plugins = await knownGroups(configuration).catch(note);
  plugins?.failures.forEach(note);
  return { groups: [...groups, ...(plugins?.groups ?? [])], missing };
}
