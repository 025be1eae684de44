import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isOptionGroup, type ModulePath, type OptionGroup, parseObjectPath } from "@kilonova/config";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import type { PluginKind } from "@kilonova/plugin-api";
import { resolve as resolveModule } from "import-meta-resolve";
import { HookPoints, hookPointsOfModule } from "../hooks/hook-points.js";
import { describePackage, type FoundPackage, type PackageSource } from "../plugins/found-plugin.js";
import { PluginCatalog } from "../plugins/plugin-catalog.js";
import { PluginStart, type StartPolicy } from "../plugins/plugin-start.js";
import { ImportsUnderWay } from "./imports-under-way.js";
import { checkKind, onlyExport } from "./object-kind.js";

/** What an object path led to. */
export interface LoadedObject {
  /** The path, with package and version where it leads to one: for messages. */
  readonly title: string;
  /** The package that it comes from, with its version, wherever that lies; the path where it leads to a file. */
  readonly origin: string;
  /** The class, factory or instance. */
  readonly value: unknown;
  /** The option groups that its module exports: they are declared by being there. */
  readonly optionGroups: readonly OptionGroup[];
  /** Milliseconds that may pass until it is made. */
  readonly timeLimit: number;
}

/** What a loader knows of plugins; without it no short name is known, and every plugin has the usual time. */
export interface PluginRules {
  readonly catalog?: PluginCatalog;
  readonly start?: PluginStart;
}

/** A module that an object path leads to, found but not loaded. */
interface FoundModule {
  readonly url: string;
  readonly title: string;
  readonly origin: string;
  readonly exportName: string | undefined;
  readonly timeLimit: number;
}

/**
 * Finds objects by their paths, `package#export`, `./file.js#export` or the short name of an available plugin: from the
 * configuration's folder first, then from the places of our own packages, so that a plugin installed beside the
 * configuration wins over one in the box. What a package's manifest says is checked before anything of it is loaded.
 */
export class ObjectLoader {
  /** The hook points of the cloud, and of all modules that were loaded. */
  readonly hookPoints = new HookPoints();
  readonly #bases: readonly (readonly [url: string, from: PackageSource])[];
  readonly #catalog: PluginCatalog;
  readonly #start: PluginStart;
  readonly #imports = new ImportsUnderWay();

  /**
   * @param baseDirectory the configuration's folder
   * @param places URLs of modules beside which the packages in the box are found
   */
  constructor(
    private readonly baseDirectory: string,
    places: readonly string[] = [],
    { catalog = PluginCatalog.empty(), start = new PluginStart() }: PluginRules = {},
  ) {
    const own = pathToFileURL(resolve(baseDirectory, "configuration.js")).href;
    this.#bases = [[own, "configuration"], ...[...places, import.meta.url].map((place) => [place, "box"] as const)];
    this.#catalog = catalog;
    this.#start = start;
  }

  /**
   * One object. A path without `#export` leads to a module, of which the one export of the right kind is taken.
   *
   * @param asked the option that names the path, for messages
   * @throws KilonovaError `object.notFound`, `object.failed`, `object.wrongKind` or `plugin.unfit`, each naming option,
   *   path, package, what was expected and what was found
   */
  async load(path: string, asked: string, kind?: PluginKind): Promise<LoadedObject> {
    const { url, title, origin, exportName, timeLimit } = await this.#find(path, asked, kind);
    const namespace = await this.#import(url, timeLimit, `${asked}: ${title}`);
    this.hookPoints.add(hookPointsOfModule(namespace));
    const optionGroups = Object.values(namespace).filter(isOptionGroup);
    if (exportName === undefined) {
      return { title, origin, value: onlyExport(namespace, title, asked, kind), optionGroups, timeLimit };
    }
    if (!Object.hasOwn(namespace, exportName)) {
      const exports = Object.keys(namespace).join(", ") || "nothing";
      throw new KilonovaError("object.notFound", `${asked}: ${title} leads nowhere: the module exports ${exports}.`);
    }
    const value = namespace[exportName];
    checkKind(value, title, asked, kind);
    return { title, origin, value, optionGroups, timeLimit };
  }

  /**
   * True where the process goes on without an object that could not be loaded or made, as the operator says by option
   * group `plugins`; it has been logged then.
   *
   * @param preset what holds where the operator says nothing
   */
  async goesOnWithout(path: string, error: unknown, preset: StartPolicy, kind?: PluginKind): Promise<boolean> {
    return this.#start.goesOnWithout(await this.#namesOf(path, kind), error, preset);
  }

  /** The names by which an operator may mean what a path leads to. */
  async #namesOf(path: string, kind: PluginKind | undefined): Promise<readonly string[]> {
    try {
      const { specifier } = this.#modulePath(path, "", kind);
      const { url, from } = this.#resolve(specifier, path, "");
      return namesOf(specifier, await this.#catalog.packageOf(url, from));
    } catch {
      const specifier = parseObjectPath(path)?.specifier ?? path;
      return isFile(specifier) ? [specifier] : [packageOf(specifier), specifier];
    }
  }

  async #import(url: string, limit: number, what: string): Promise<Record<string, unknown>> {
    try {
      return await this.#imports.import(url, limit, what);
    } catch (cause) {
      throw new KilonovaError("object.failed", `${what} could not be loaded: ${messageOf(cause)}`, { cause });
    }
  }

  async #find(path: string, asked: string, kind: PluginKind | undefined): Promise<FoundModule> {
    const { specifier, exportName } = this.#modulePath(path, asked, kind);
    const full = exportName === undefined ? specifier : `${specifier}#${exportName}`;
    const { url, from } = this.#resolve(specifier, full, asked);
    const owner = await this.#catalog.packageOf(url, from);
    if (owner && "fit" in owner && !owner.fit) {
      const problems = owner.problems.join("; ");
      throw new KilonovaError(
        "plugin.unfit",
        `${asked}: ${full}: ${describePackage(owner)} cannot be used: ${problems}.`,
      );
    }
    const title = owner ? `${full} of ${describePackage(owner)}` : full;
    const origin = owner && owner.from !== "path" ? `${owner.name} ${owner.version}` : full;
    return { url, title, origin, exportName, timeLimit: this.#start.timeLimitOf(namesOf(specifier, owner)) };
  }

  /** A path with its short name, if it is one, resolved. */
  #modulePath(path: string, asked: string, kind: PluginKind | undefined): ModulePath {
    const parsed = parseObjectPath(this.#catalog.pathIfShort(path, asked, kind));
    if (parsed?.specifier !== undefined) return parsed;
    throw new KilonovaError(
      "object.notFound",
      `${asked}: "${path}" is no object path such as package#export or ./file.js#export.`,
    );
  }

  /** The URL of a module that is there. */
  #resolve(specifier: string, path: string, asked: string): { readonly url: string; readonly from: PackageSource } {
    if (isFile(specifier)) {
      const file = resolve(this.baseDirectory, specifier);
      if (existsSync(file)) return { url: pathToFileURL(file).href, from: "path" };
      throw new KilonovaError("object.notFound", `${asked}: ${path} leads nowhere: there is no file ${file}.`);
    }
    for (const [place, from] of this.#bases) {
      const url = resolvedFrom(place, specifier, path, asked);
      if (url !== undefined) return { url, from };
    }
    throw new KilonovaError(
      "object.notFound",
      `${asked}: package ${packageOf(specifier)} (from ${path}) is not installed beside the configuration (${this.baseDirectory}); run npm install ${packageOf(specifier)} there.`,
    );
  }
}

function namesOf(specifier: string, owner: FoundPackage | undefined): readonly string[] {
  return owner ? [owner.name, specifier] : [specifier];
}

/** As an `import` in a module at that place would find it; undefined where the package is not installed there. */
function resolvedFrom(place: string, specifier: string, path: string, asked: string): string | undefined {
  let url: string;
  try {
    url = resolveModule(specifier, place);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw new KilonovaError("object.notFound", `${asked}: ${path} leads nowhere: ${messageOf(cause)}`, { cause });
  }
  if (!url.startsWith("file:") || existsSync(fileURLToPath(url))) return url;
  throw new KilonovaError(
    "object.notFound",
    `${asked}: ${path} leads nowhere: there is no file ${fileURLToPath(url)}.`,
  );
}

function isFile(specifier: string): boolean {
  return specifier.startsWith(".") || isAbsolute(specifier);
}

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
