import { type Configuration, isConfigurationError } from "@kilonova/config";
import {
  checkDeclaredOptions,
  loadAskedFor,
  loadNamed,
  namedPaths,
  ObjectLoader,
  RUNTIME_GROUPS,
} from "@kilonova/core";
import { isKilonovaError } from "@kilonova/messaging";
import { PLACES } from "./installed-plugins.js";
import { SERVICE_PARTS, servicePart } from "./service-parts.js";

/** Stands for what fits this host; the cloud in one process puts a path in its place. */
const AUTO = "auto";

/** What finds objects by their paths; without a catalog of plugins it knows no short names. */
interface NamingPlugins {
  readonly loader: ObjectLoader;
}

/**
 * Loads what the operator's object paths lead to, checks that it is what each option asks for, and declares the option groups
 * that its modules export: a module that is no installed plugin has no manifest to say so.
 *
 * @throws ConfigurationError for options of the groups that are known already; KilonovaError `object.notFound`,
 *   `object.failed`, `object.wrongKind`, `plugin.unfit`
 */
export async function declareNamedModules(configuration: Configuration, plugins?: NamingPlugins): Promise<void> {
  const [failure] = await namedFailures(configuration, plugins);
  if (failure !== undefined) throw failure;
}

/**
 * As {@link declareNamedModules}, through to the last path.
 *
 * @returns what is wrong, in the order of the options
 * @throws ConfigurationError for options of the groups that are known already
 */
export async function namedFailures(
  configuration: Configuration,
  { loader }: NamingPlugins = { loader: new ObjectLoader(configuration.baseDirectory, PLACES) },
): Promise<readonly unknown[]> {
  checkDeclaredOptions(configuration);
  const failures: unknown[] = [];
  const seen = new Set<string>();
  const unseen = () =>
    namedPaths(configuration).find(
      ({ option, path, origin }) => origin.from !== "default" && path !== AUTO && !seen.has(`${option} ${path}`),
    );
  // What is declared on the way may name others.
  for (let named = unseen(); named; named = unseen()) {
    seen.add(`${named.option} ${named.path}`);
    try {
      await loadNamed(configuration, loader, named);
    } catch (error) {
      if (!isKilonovaError(error) && !isConfigurationError(error)) throw error;
      failures.push(error);
    }
  }
  return failures;
}

/**
 * Loads what services are made of, and what their processes have besides; checks that each is what its option asks for. What
 * only others name may be installed only there.
 *
 * @throws ConfigurationError; KilonovaError as {@link declareNamedModules}
 */
export async function loadServed(
  configuration: Configuration,
  { loader }: NamingPlugins,
  names: readonly string[],
): Promise<void> {
  const ofProcess = new Set(RUNTIME_GROUPS.map(({ name }) => name));
  const common = namedPaths(configuration).filter(({ option }) => ofProcess.has(option.split(".")[0] ?? ""));
  const parts = names.flatMap((name) =>
    SERVICE_PARTS.map((part) => ({ option: `${name}.${part}`, path: servicePart(configuration, name, part) })),
  );
  const declares = (option: string) =>
    configuration
      .groups()
      .some(({ name, schema }) => Object.keys(schema.shape).some((key) => `${name}.${key}` === option));
  for (const { option, path } of parts.filter((each) => !declares(each.option))) {
    if (path === undefined) continue;
    const { optionGroups } = await loader.load(
      path,
      `option ${option}`,
      option.endsWith(".manager") ? "service" : undefined,
    );
    configuration.register(...optionGroups);
  }
  const declared = parts.filter(({ option, path }) => path !== undefined && declares(option));
  await loadAskedFor(
    configuration,
    loader,
    [...common, ...declared].map(({ option }) => option),
  );
}
