import { type Configuration, describeOptions } from "@kilonova/config";
import { checkDeclaredOptions, ObjectLoader } from "@kilonova/core";

/** `typeText` of an option that takes one object path, or a list of them. */
const OBJECT_PATHS = /^(list of )?object path\b/;
/** Stands for what fits this host; the cloud in one process puts a path in its place. */
const AUTO = "auto";

/**
 * Loads the modules that the operator's object paths lead to, and declares the option groups that they export: a module
 * that is no installed plugin has no manifest to say so.
 *
 * @throws ConfigurationError for options of the groups that are known already; KilonovaError `object.notFound`,
 *   `object.failed`
 */
export async function declareNamedModules(configuration: Configuration): Promise<void> {
  checkDeclaredOptions(configuration);
  const loader = new ObjectLoader(configuration.baseDirectory, [import.meta.url]);
  const asking = describeOptions(configuration.groups()).filter(({ type }) => OBJECT_PATHS.test(type));
  for (const { group, option } of asking) {
    const { value, origin } = configuration.lookUp(`${group}.${option}`);
    if (origin.from === "default") continue;
    for (const path of [value].flat()) {
      if (typeof path !== "string" || path === AUTO) continue;
      const { optionGroups } = await loader.load(path, `option ${group}.${option}`);
      configuration.register(...optionGroups);
    }
  }
}
