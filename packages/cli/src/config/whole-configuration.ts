import {
  type Configuration,
  type ConfigurationProblem,
  isConfigurationError,
  loadConfiguration,
} from "@kilonova/config";
import { messageOf } from "@kilonova/messaging";
import { inBoxGroups } from "../available-groups.js";

/** A configuration with the groups of all plugins that could be found. No value of it is checked yet. */
export interface WholeConfiguration {
  readonly configuration: Configuration;
  /** Plugins and paths that lead to nothing that could be loaded, in words. */
  readonly failures: readonly string[];
  /** What kept modules that options name from being asked for the groups that they declare. */
  readonly obstacles: readonly ConfigurationProblem[];
}

/**
 * What a cloud would read, with every group that it would know.
 *
 * @param files what is read in place of the files that are searched, and those that the command line names
 * @throws ConfigurationError where a file can't be used
 */
export async function wholeConfiguration(
  argv: readonly string[],
  files?: readonly string[],
): Promise<WholeConfiguration> {
  const { watchedCommand } = await import("@kilonova/core");
  const { declareInstalledPlugins, namedFailures } = await import("@kilonova/deployment");
  const groups = await inBoxGroups();
  const configuration = await loadConfiguration({ program: "kilonova", argv, groups, ...(files && { files }) });
  const failures: string[] = [];
  const obstacles: ConfigurationProblem[] = [];
  const note = (error: unknown) => {
    if (isConfigurationError(error)) obstacles.push(...error.problems);
    else failures.push(messageOf(error));
    return undefined;
  };
  await watchedCommand("kilonova", async () => {
    const plugins = await declareInstalledPlugins(configuration).catch(note);
    failures.push(...(plugins?.failures ?? []).map(({ failure: error }) => messageOf(error)));
    const named = await namedFailures(configuration, plugins).catch(note);
    named?.forEach(note);
  });
  return { configuration, failures, obstacles };
}
