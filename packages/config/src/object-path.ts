import { z } from "zod";

/** What an object path says: where a module is, or the short name of an available plugin. */
export type ObjectPath = ModulePath | ShortName;

/** A path to a module. Without `exportName` the module itself is meant. */
export interface ModulePath {
  /** What is imported: a package, a subpath of one, or a file (`./`, `../`, `/`). */
  readonly specifier: string;
  readonly exportName?: string;
  readonly shortName?: never;
}

/** The name under which an available plugin exports what is meant; only who knows the plugins can tell where it is. */
export interface ShortName {
  readonly shortName: string;
  readonly specifier?: never;
  readonly exportName?: never;
}

const FILE = /\.{0,2}\/[^#]+/;
const PACKAGE = /(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(?:\/(?!\.{1,2}(?:[/#]|$))[^#/\s]+)*/;
const MODULE_PATH = new RegExp(`^(${FILE.source}|${PACKAGE.source})(?:#([A-Za-z_$][A-Za-z0-9_$]*))?$`);
/** Names of packages are in lower case, so that a capital tells the two apart. */
const SHORT_NAME = /^[A-Z][A-Za-z0-9_$]*$/;
const OBJECT_PATH = new RegExp(`${MODULE_PATH.source}|${SHORT_NAME.source}`);
const FORMS = "(package#export, ./file.js#export, or the short name of an available plugin)";

/**
 * The schema of an option that names an object by its path. Its value stays the text, so that messages can quote it;
 * `parseObjectPath` takes it apart. Give it a default and a description like any other.
 *
 * @param kind what the object has to be, for the framework to check before anything of it is made, as `filter`: one of the
 *   kinds that plugin-api lists. Without it whatever the path leads to will do, and no short name is told from another.
 */
export function objectPath(kind?: string) {
  const words = kind === undefined ? `object path ${FORMS}` : `object path of kind ${kind} ${FORMS}`;
  const named = kind === undefined ? {} : { kind };
  return z.string().regex(OBJECT_PATH, `expected an ${words}`).meta({ title: words, objectPath: named });
}

/**
 * Takes an object path apart; undefined when the text is none. Nothing is looked up or loaded. Tell the two kinds apart by
 * `path.shortName !== undefined`.
 */
export function parseObjectPath(text: string): ObjectPath | undefined {
  if (SHORT_NAME.test(text)) return { shortName: text };
  const [, specifier, exportName] = MODULE_PATH.exec(text) ?? [];
  if (specifier === undefined) return undefined;
  return exportName === undefined ? { specifier } : { specifier, exportName };
}
