/** The key under which a class says what kind of plugin it is. Shared by all copies of this package. */
export const PLUGIN_KIND: unique symbol = Symbol.for("kilonova.plugin") as never;

/** The kinds of plugins. Ids never change. */
export const PLUGIN_KINDS = [
  "transport",
  "request-filter",
  "filter",
  "weigher",
  "scheduler",
  "virt-driver",
  "network-driver",
  "network-manager",
  "image-store",
  "authenticator",
  "servicegroup-driver",
  "hook",
  "service",
  "notifier",
] as const;

export type PluginKind = (typeof PLUGIN_KINDS)[number];

/** True for the id of a kind. */
export function isPluginKind(text: string): text is PluginKind {
  return (PLUGIN_KINDS as readonly string[]).includes(text);
}

/** What a class says of itself: its kind, and the version of that kind's contract it was written for. */
export interface PluginTag {
  readonly kind: PluginKind;
  readonly version: number;
  /** Where the kind is also another: a network manager is a service. */
  readonly alsoA?: PluginKind;
}

/**
 * What an object, a class or a factory says of itself, or undefined. Never `instanceof`: a plugin installed beside the
 * configuration brings its own copy of this package.
 */
export function pluginTagOf(value: unknown): PluginTag | undefined {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return undefined;
  const carrier = typeof value === "function" ? value : PLUGIN_KIND in value ? value : value.constructor;
  return (carrier as { [PLUGIN_KIND]?: PluginTag } | undefined)?.[PLUGIN_KIND];
}

/** True where a value says that it is of a kind, or of one that is also that kind. */
export function isOfKind(value: unknown, kind: PluginKind): boolean {
  const tag = pluginTagOf(value);
  return tag !== undefined && (tag.kind === kind || tag.alsoA === kind);
}
