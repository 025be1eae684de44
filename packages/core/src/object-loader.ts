import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isOptionGroup, type OptionGroup, parseObjectPath } from "@kilonova/config";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import { type PluginKind, pluginTagOf } from "@kilonova/plugin-api";
import { resolve as resolveModule } from "import-meta-resolve";

/** What an object path led to. */
export interface LoadedObject {
  /** The path as it was written. */
  readonly path: string;
  /** The class, factory or instance. */
  readonly value: unknown;
  /** The option groups that its module exports: they are declared by being there. */
  readonly optionGroups: readonly OptionGroup[];
}

/**
 * Finds objects by their paths, `package#export` or `./file.js#export`: from the configuration's folder first, then
 * from the places of our own packages, so that a plugin installed beside the configuration wins over one in the box.
 */
export class ObjectLoader {
  readonly #bases: readonly string[];

  /**
   * @param baseDirectory the configuration's folder
   * @param places URLs of modules beside which the packages in the box are found
   */
  constructor(
    private readonly baseDirectory: string,
    places: readonly string[] = [],
  ) {
    this.#bases = [pathToFileURL(resolve(baseDirectory, "configuration.js")).href, ...places, import.meta.url];
  }

  /**
   * One object. A path without `#export` leads to a module, of which the one export of the right kind is taken.
   *
   * @param asked the option that names the path, for messages
   * @throws KilonovaError `object.notFound`, `object.failed` or `object.wrongKind`, each naming option, path, what was
   *   expected and what was found
   */
  async load(path: string, asked: string, kind?: PluginKind): Promise<LoadedObject> {
    const { namespace, exportName } = await this.#import(path, asked);
    const optionGroups = Object.values(namespace).filter(isOptionGroup);
    if (exportName === undefined) return { path, value: onlyExport(namespace, path, asked, kind), optionGroups };
    if (!Object.hasOwn(namespace, exportName)) {
      const exports = Object.keys(namespace).join(", ") || "nothing";
      throw new KilonovaError("object.notFound", `${asked}: ${path} leads nowhere: the module exports ${exports}.`);
    }
    const value = namespace[exportName];
    checkKind(value, path, asked, kind);
    return { path, value, optionGroups };
  }

  async #import(
    path: string,
    asked: string,
  ): Promise<{ namespace: Record<string, unknown>; exportName: string | undefined }> {
    const parsed = parseObjectPath(path);
    if (!parsed) {
      throw new KilonovaError(
        "object.notFound",
        `${asked}: "${path}" is no object path such as package#export or ./file.js#export.`,
      );
    }
    const url = this.#resolve(parsed.specifier, path, asked);
    try {
      return { namespace: (await import(url)) as Record<string, unknown>, exportName: parsed.exportName };
    } catch (cause) {
      throw new KilonovaError("object.failed", `${asked}: ${path} could not be loaded: ${messageOf(cause)}`, { cause });
    }
  }

  /** The URL of a module that is there. */
  #resolve(specifier: string, path: string, asked: string): string {
    if (specifier.startsWith(".") || isAbsolute(specifier)) {
      const file = resolve(this.baseDirectory, specifier);
      if (existsSync(file)) return pathToFileURL(file).href;
      throw new KilonovaError("object.notFound", `${asked}: ${path} leads nowhere: there is no file ${file}.`);
    }
    for (const place of this.#bases) {
      const url = resolvedFrom(place, specifier, path, asked);
      if (url !== undefined) return url;
    }
    throw new KilonovaError(
      "object.notFound",
      `${asked}: package ${packageOf(specifier)} (from ${path}) is not installed beside the configuration (${this.baseDirectory}); run npm install ${packageOf(specifier)} there.`,
    );
  }
}

/** What a value turned out to be, for messages. */
export function describeValue(value: unknown): string {
  const tag = pluginTagOf(value);
  if (tag) return `a ${tag.kind}`;
  if (isClass(value)) return `class ${value.name}, which is no plugin`;
  if (typeof value === "function") return `function ${value.name}`;
  return value === null ? "null" : `a value of type ${typeof value}`;
}

/** A class, as opposed to a factory. */
export function isClass(value: unknown): value is new (...args: unknown[]) => object {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

/** @throws KilonovaError `object.wrongKind`; a factory's product is checked when it is there */
export function checkKind(value: unknown, path: string, asked: string, kind: PluginKind | undefined): void {
  const isFactory = typeof value === "function" && !isClass(value) && !pluginTagOf(value);
  if (kind === undefined || isFactory) return;
  const tag = pluginTagOf(value);
  if (tag?.kind === kind) return;
  throw new KilonovaError(
    "object.wrongKind",
    `${asked}: ${path}: expected a ${kind}, received ${describeValue(value)}.`,
  );
}

function onlyExport(
  namespace: Record<string, unknown>,
  path: string,
  asked: string,
  kind: PluginKind | undefined,
): unknown {
  if (kind === undefined) return namespace;
  const fitting = new Map(
    Object.entries(namespace)
      .filter(([, value]) => pluginTagOf(value)?.kind === kind)
      .map(([name, value]) => [value, name]),
  );
  if (fitting.size === 1) return [...fitting.keys()][0];
  const received = fitting.size === 0 ? "none" : `${[...fitting.values()].join(" and ")}: say which by #name`;
  throw new KilonovaError(
    "object.wrongKind",
    `${asked}: ${path}: expected one export that is a ${kind}, received ${received}.`,
  );
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

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
