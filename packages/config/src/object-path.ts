import { z } from "zod";

/** An object path taken apart. Without `exportName` the module itself is meant. */
export interface ObjectPath {
  /** What is imported: a package, a subpath of one, or a file (`./`, `../`, `/`). */
  readonly specifier: string;
  readonly exportName?: string;
}

const FILE = /\.{0,2}\/[^#]+/;
const PACKAGE = /(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(?:\/(?!\.{1,2}(?:[/#]|$))[^#/\s]+)*/;
const OBJECT_PATH = new RegExp(`^(${FILE.source}|${PACKAGE.source})(?:#([A-Za-z_$][A-Za-z0-9_$]*))?$`);
const FORMS = "object path (package#export, package/subpath#export or ./file.js#export)";

/**
 * The schema of an option that names an object by its path. Its value stays the text, so that messages can quote it;
 * `parseObjectPath` takes it apart. Give it a default and a description like any other.
 */
export function objectPath() {
  return z.string().regex(OBJECT_PATH, `expected an ${FORMS}`).meta({ title: FORMS });
}

/** Takes an object path apart; undefined when the text is none. Nothing is looked up or loaded. */
export function parseObjectPath(text: string): ObjectPath | undefined {
  const [, specifier, exportName] = OBJECT_PATH.exec(text) ?? [];
  if (specifier === undefined) return undefined;
  return exportName === undefined ? { specifier } : { specifier, exportName };
}
