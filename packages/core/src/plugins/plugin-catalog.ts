import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nearestName, parseObjectPath } from "@kilonova/config";
import { KilonovaError } from "@kilonova/messaging";
import type { PluginKind } from "@kilonova/plugin-api";
import { withArticle } from "../container/object-kind.js";
import { duplicatesAmong } from "./duplicates.js";
import {
  describePackage,
  type FoundPackage,
  type FoundPlugin,
  type PackageSource,
  readPlugin,
} from "./found-plugin.js";
import { nearestPackageFolder, owningFolder, packageFolder, readPackageFile } from "./package-file.js";
import { type AvailablePlugin, provisionsOf } from "./provisions.js";

/** Where plugins are looked for. */
export interface CatalogSettings {
  /** The folder of the configuration in use: plugins are among what the nearest `package.json`, there or above, depends on. */
  readonly directory: string;
  /** URLs of modules of what we ship: plugins are among what their packages depend on. */
  readonly places?: readonly string[];
  /** `hooks.disabled`: of what is disabled there may be two of a name. */
  readonly disabledHooks?: readonly string[];
}

/**
 * The plugins that are available to a process, read from their manifests; nothing of them is loaded. A package that is
 * both beside the configuration and in the box is the one beside the configuration, as it is when it is loaded.
 */
export class PluginCatalog {
  private constructor(
    /** By name. */
    readonly plugins: readonly FoundPlugin[],
    private readonly byFolder: ReadonlyMap<string, FoundPlugin>,
    /** Where the `package.json` is whose dependencies count as beside the configuration; undefined where there is none. */
    readonly directory?: string,
    /** Packages that it depends on, and that are not installed: what they would be is unknown. Optional ones do not count. */
    readonly missing: readonly string[] = [],
  ) {}

  /** A catalog without plugins. */
  static empty(): PluginCatalog {
    return new PluginCatalog([], new Map());
  }

  /** @throws KilonovaError `object.wrongKind` where the package.json of the configuration is none */
  static async read({ directory, places = [], disabledHooks = [] }: CatalogSettings): Promise<PluginCatalog> {
    const folders = await Promise.all(places.map((place) => owningFolder(fileURLToPath(place))));
    const own = await nearestPackageFolder(directory);
    const beside = own === undefined ? NONE : await pluginsBeside(own, "configuration");
    const boxed = await Promise.all(folders.flatMap((folder) => (folder ? [pluginsBeside(folder, "box")] : [])));
    const found = [beside, ...boxed].flatMap((each) => each.plugins);
    const byName = new Map(found.toReversed().map((plugin) => [plugin.name, plugin]));
    const inOrder = [...byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
    const plugins = withDuplicates(inOrder, disabledHooks);
    const realFolders = await Promise.all(plugins.map((plugin) => realpath(plugin.directory)));
    const byFolder = new Map(plugins.map((plugin, index) => [realFolders[index] ?? "", plugin]));
    return new PluginCatalog(plugins, byFolder, own, beside.missing);
  }

  /** A plugin by the name of its package. */
  find(name: string): FoundPlugin | undefined {
    return this.plugins.find((plugin) => plugin.name === name);
  }

  /** Says of a package that is {@link missing} what is wrong, as a clause. */
  problemOfMissing(name: string): string {
    return `${join(this.directory ?? "", "package.json")} depends on ${name}, and it is not installed; run npm install there`;
  }

  /** What the plugins that may be loaded provide, of one kind or of all. */
  available(kind?: PluginKind): readonly AvailablePlugin[] {
    return this.plugins.flatMap((plugin) => provisionsOf(plugin, kind));
  }

  /** An object path as it is, or the one that a short name stands for, as {@link pathOf} has it. */
  pathIfShort(path: string, asked: string, kind?: PluginKind): string {
    const shortName = parseObjectPath(path)?.shortName;
    return shortName === undefined ? path : this.pathOf(shortName, asked, kind);
  }

  /**
   * The object path that a short name stands for.
   *
   * @param asked who asks, for messages
   * @throws KilonovaError `object.notFound` where no available plugin of that kind has the name, or several have it
   */
  pathOf(shortName: string, asked: string, kind?: PluginKind): string {
    const available = this.available(kind);
    const paths = new Map(
      available.filter((each) => each.export === shortName).map(({ path, plugin }) => [path, describePackage(plugin)]),
    );
    const [path] = paths.keys();
    if (path !== undefined && paths.size === 1) return path;
    const what = kind === undefined ? shortName : `${withArticle(kind)} ${shortName}`;
    if (paths.size > 1) {
      throw new KilonovaError(
        "object.notFound",
        `${asked}: several available plugins provide ${what}: ${[...paths.values()].join(" and ")}; say which by its path: ${[...paths.keys()].join(" or ")}.`,
      );
    }
    throw new KilonovaError("object.notFound", `${asked}: ${this.#unknownName(shortName, what, available)}`);
  }

  /**
   * The package that a module belongs to: a plugin of the catalog, or one that is read now, for it is named by a path.
   *
   * @param from how the module was found
   */
  async packageOf(url: string, from: PackageSource): Promise<FoundPackage | FoundPlugin | undefined> {
    if (!url.startsWith("file:")) return undefined;
    const folder = await owningFolder(fileURLToPath(url));
    if (folder === undefined) return undefined;
    const directory = await realpath(folder);
    const known = this.byFolder.get(directory);
    if (known) return known;
    const { name = directory, version } = (await readPackageFile(directory)) ?? { version: "without a version" };
    return (await readPlugin(directory, from, name)) ?? { name, version, directory, from };
  }

  #unknownName(name: string, what: string, available: readonly AvailablePlugin[]): string {
    const provides = ({ manifest }: FoundPlugin) => manifest?.provides.some((each) => each.export === name);
    const unfit = this.plugins.find((plugin) => !plugin.fit && provides(plugin));
    if (unfit) {
      return `${describePackage(unfit)}, which provides ${name}, cannot be used: ${unfit.problems.join("; ")}.`;
    }
    const namesakes = this.available().filter((each) => each.export === name);
    const others = namesakes
      .map(({ plugin, kind }) => `, but ${describePackage(plugin)} ${withArticle(kind)}`)
      .join("");
    const nearest = nearestName(name, new Set(available.map((each) => each.export)));
    if (nearest !== undefined) return `no available plugin provides ${what}${others}; did you mean ${nearest}?`;
    const known = [...new Set(available.map((each) => each.export))].join(", ") || "none";
    return `no available plugin provides ${what}${others}; known are ${known}. Install the package that does, or name it by its path: package#${name}.`;
  }
}

/** What a package.json depends on, as far as it matters here. */
interface Dependencies {
  readonly plugins: readonly FoundPlugin[];
  readonly missing: readonly string[];
}

const NONE: Dependencies = { plugins: [], missing: [] };

async function pluginsBeside(directory: string, from: PackageSource): Promise<Dependencies> {
  const { dependencies = {}, optionalDependencies = {} } = (await readPackageFile(directory)) ?? {};
  const names = Object.keys({ ...dependencies, ...optionalDependencies });
  const folders = await Promise.all(names.map((name) => packageFolder(directory, name)));
  const found = await Promise.all(
    folders.map((folder, index) => (folder === undefined ? undefined : readPlugin(folder, from, names[index] ?? ""))),
  );
  return {
    plugins: found.filter((plugin) => plugin !== undefined),
    missing: names.filter((name, index) => folders[index] === undefined && !Object.hasOwn(optionalDependencies, name)),
  };
}

function withDuplicates(plugins: readonly FoundPlugin[], disabledHooks: readonly string[]): readonly FoundPlugin[] {
  const duplicates = duplicatesAmong(plugins, disabledHooks);
  return plugins.map((plugin) => {
    const problems = duplicates.filter((each) => each.plugin === plugin).map(({ words }) => words);
    return problems.length > 0 ? { ...plugin, problems: [...plugin.problems, ...problems] } : plugin;
  });
}
