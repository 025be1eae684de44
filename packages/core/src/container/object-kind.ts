import { KilonovaError } from "@kilonova/messaging";
import { isOfKind, type PluginKind, pluginTagOf } from "@kilonova/plugin-api";

/** A kind in a sentence: `a filter`, `an image-store`. */
export function withArticle(kind: PluginKind): string {
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}

/** What a value turned out to be, for messages. */
export function describeValue(value: unknown): string {
  const tag = pluginTagOf(value);
  if (tag) return withArticle(tag.kind);
  if (isClass(value)) return `class ${value.name}, which is no plugin`;
  if (typeof value === "function") return `function ${value.name}`;
  return value === null ? "null" : `a value of type ${typeof value}`;
}

/** A class, as opposed to a factory. */
export function isClass(value: unknown): value is new (...args: unknown[]) => object {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

/** True where a value is of a kind, or is a factory, whose product is checked when it is there. */
function mayBeOfKind(value: unknown, kind: PluginKind): boolean {
  const isFactory = typeof value === "function" && !isClass(value) && !pluginTagOf(value);
  return isFactory || (kind === "hook" ? isHook(value) : isOfKind(value, kind));
}

export const HOOK_STEPS = ["pre", "post", "error"] as const;

/** A hook says so by what it has: it need not know of us. */
function isHook(value: unknown): boolean {
  const steps: unknown = isClass(value) ? value.prototype : value;
  if (typeof steps !== "object" || steps === null) return false;
  return HOOK_STEPS.some((step) => typeof Reflect.get(steps, step) === "function");
}

/** @throws KilonovaError `object.wrongKind`; a factory's product is checked when it is there */
export function checkKind(value: unknown, path: string, asked: string, kind: PluginKind | undefined): void {
  if (kind === undefined || mayBeOfKind(value, kind)) return;
  const expected = kind === "hook" ? "a hook, with a method pre, post or error" : withArticle(kind);
  throw new KilonovaError(
    "object.wrongKind",
    `${asked}: ${path}: expected ${expected}, received ${describeValue(value)}.`,
  );
}

/**
 * The one export of a kind; all of the module where no kind is asked for, and for a hook, which a module may be itself.
 *
 * @throws KilonovaError `object.wrongKind` where none is of the kind, or several are
 */
export function onlyExport(
  namespace: Record<string, unknown>,
  path: string,
  asked: string,
  kind: PluginKind | undefined,
): unknown {
  if (kind === "hook") checkKind(namespace, path, asked, kind);
  if (kind === undefined || kind === "hook") return namespace;
  const fitting = new Map(
    Object.entries(namespace)
      .filter(([, value]) => isOfKind(value, kind))
      .map(([name, value]) => [value, name]),
  );
  if (fitting.size === 1) return [...fitting.keys()][0];
  const received = fitting.size === 0 ? "none" : `${[...fitting.values()].join(" and ")}: say which by #name`;
  throw new KilonovaError(
    "object.wrongKind",
    `${asked}: ${path}: expected one export that is ${withArticle(kind)}, received ${received}.`,
  );
}
