import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A call on a stack. */
export interface StackFrame {
  /** Empty for a function without a name. */
  readonly functionName: string;
  /** `file:///…`, a path, `node:…`, or what an `eval` was given. */
  readonly url: string;
  /** From 1. */
  readonly line: number;
}

/** Who is running: plain data for a line of the log. */
export interface Culprit {
  readonly function: string;
  /** Within its package, where it is in one. */
  readonly file: string;
  readonly line: number;
  readonly package?: string;
}

/** The innermost call that is not Node's own; the innermost of all where all are. */
export function culpritOf(stack: readonly StackFrame[]): Culprit | undefined {
  const frame = stack.find(({ url }) => url !== "" && !url.startsWith("node:")) ?? stack[0];
  return frame && placeOf(frame);
}

/** `hostPasses of kilonova-slow-filter (dist/index.js:12)` */
export function culpritText({ function: name, file, line, package: owner }: Culprit): string {
  return `${name}${owner === undefined ? "" : ` of ${owner}`} (${file}:${line})`;
}

function placeOf({ functionName, url, line }: StackFrame): Culprit {
  const name = functionName === "" ? "unnamed code" : functionName;
  const path = pathOf(url);
  const owner = path === undefined ? undefined : packageOf(path);
  if (path === undefined || !owner) return { function: name, file: path ?? url, line };
  return { function: name, file: relative(owner.directory, path), line, package: owner.name };
}

function pathOf(url: string): string | undefined {
  if (url.startsWith("/")) return url;
  return url.startsWith("file:") ? fileURLToPath(url) : undefined;
}

/** The nearest folder above that is a package with a name: a `package.json` that only says the modules' type has none. */
function packageOf(path: string): { readonly name: string; readonly directory: string } | undefined {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    const name = nameIn(join(directory, "package.json"));
    if (name !== undefined) return { name, directory };
    if (dirname(directory) === directory) return undefined;
  }
}

function nameIn(file: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
    const name = typeof manifest === "object" && manifest !== null ? Reflect.get(manifest, "name") : undefined;
    return typeof name === "string" && name !== "" ? name : undefined;
  } catch {
    return undefined;
  }
}
