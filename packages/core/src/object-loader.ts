import { createRequire } from "node:module";
import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseObjectPath } from "@kilonova/config";
import { isKilonovaError, KilonovaError, messageOf } from "@kilonova/messaging";
import { type PluginKind, pluginTagOf } from "@kilonova/plugin-api";

/** What an object path led to. */
export interface LoadedObject {
  /** The path as it was written. */
  readonly path: string;
  /** The class, factory or instance. */
  readonly value: unknown;
}

/**
 * Finds objects by their paths, `package#export` or `./file.js#export`: from the configuration's folder first, then
 * from the places of our own packages, so that a plugin installed beside the configuration wins over one in the box.
 */
export class ObjectLoader {
  readonly #bases: readonly string[];

  /**
   * @param baseDirectory the configuration's folder
   * @param places files or URLs of modules beside which the packages in the box are found
   */
  constructor(baseDirectory: string, places: readonly string[] = []) {
    this.#bases = [resolve(baseDirectory, "configuration.js"), ...places, import.meta.url];
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
    if (exportName === undefined) return { path, value: onlyExport(namespace, path, asked, kind) };
    if (!Object.hasOwn(namespace, exportName)) {
      const exports = Object.keys(namespace).join(", ") || "nothing";
      throw new KilonovaError("object.notFound", `${asked}: ${path} leads nowhere: the module exports ${exports}.`);
    }
    const value = namespace[exportName];
    checkKind(value, path, asked, kind);
    return { path, value };
  }

  async #import(path: string, asked: string): Promise<{ namespace: Record<string, unknown>; exportName: string | undefined }> {
    const parsed = parseObjectPath(path);
    if (!parsed) {
      throw new KilonovaError("object.notFound", `${asked}: "${path}" is no object path such as package#export or ./file.js#export.`);
    }
    const url = this.#resolve(parsed.specifier, path, asked);
    try {
      return { namespace: (await import(url)) as Record<string, unknown>, exportName: parsed.exportName };
    } catch (cause) {
      throw new KilonovaError("object.failed", `${asked}: ${path} could not be loaded: ${messageOf(cause)}`, { cause });
    }
  }

  #resolve(specifier: string, path: string, asked: string): string {
    const [base = "."] = this.#bases;
    if (specifier.startsWith(".") || isAbsolute(specifier)) return pathToFileURL(resolve(base, "..", specifier)).href;
    if (specifier.startsWith("file:")) return specifier;
    for (const place of this.#bases) {
      const found = resolveFrom(place, specifier);
      if (found) return pathToFileURL(found).href;
    }
    throw new KilonovaError(
      "object.notFound",
      `${asked}: package ${specifier} (from ${path}) is not installed beside the configuration (${resolve(base, "..")}); run npm install ${specifier} there.`,
    );
  }
}

/** What a value turned out to be, for messages. */
export function describeValue(value: unknown): string {
  const tag = pluginTagOf(value);
  if (tag) return `a ${tag.kind}`;
  if (typeof value === "function") return isClass(value) ? `class ${value.name}, which is no plugin` : `function ${value.name}`;
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
  throw new KilonovaError("object.wrongKind", `${asked}: ${path}: expected a ${kind}, received ${describeValue(value)}.`);
}

function onlyExport(namespace: Record<string, unknown>, path: string, asked: string, kind: PluginKind | undefined): unknown {
  if (kind === undefined) return namespace;
  const fitting = Object.entries(namespace).filter(([, value]) => pluginTagOf(value)?.kind === kind);
  const [only] = fitting;
  if (only && fitting.length === 1) return only[1];
  const received = fitting.length === 0 ? "none" : `${fitting.map(([name]) => name).join(" and ")}: say which by #name`;
  throw new KilonovaError("object.wrongKind", `${asked}: ${path}: expected one export that is a ${kind}, received ${received}.`);
}

function resolveFrom(place: string, specifier: string): string | undefined {
  try {
    return createRequire(place).resolve(specifier);
  } catch (error) {
    if (isKilonovaError(error)) throw error;
    return undefined;
  }
}
