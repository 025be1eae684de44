/** Where a value comes from. */
export type Origin =
  | { readonly from: "default" }
  | { readonly from: "preset" }
  | { readonly from: "file"; readonly path: string; readonly line?: number }
  | { readonly from: "environment"; readonly variable: string }
  | { readonly from: "command line"; readonly flag: string }
  | { readonly from: "override" };

/** An origin in the words of messages and dumps: `default`, `preset`, `FILE:LINE`, the variable, the flag, `override`. */
export function originText(origin: Origin): string {
  switch (origin.from) {
    case "file":
      return origin.line === undefined ? origin.path : `${origin.path}:${origin.line}`;
    case "environment":
      return origin.variable;
    case "command line":
      return `command line ${origin.flag}`;
    default:
      return origin.from;
  }
}

/** What a layer says of one option: a value, or texts that the option's schema gives a meaning to (the last, or a list). */
export type Entry = { readonly origin: Origin } & ({ readonly value: unknown } | { readonly texts: readonly string[] });

/**
 * One source of values. The environment's is keyed by variable, since a variable's name can't be turned back into
 * camelCase for certain; the others by `group.option`, or by `group` alone where a file names a group and nothing in it.
 */
export interface Layer {
  readonly keyedBy: "option" | "variable";
  readonly entries: ReadonlyMap<string, Entry>;
}

/** The key under which a layer holds an option. */
export function keyIn(layer: Layer, group: string, option: string): string {
  return layer.keyedBy === "option" ? `${group}.${option}` : variableOf(group, option);
}

/** The environment variable of an option: `KILONOVA_IMAGE_CACHE__MAX_SIZE` for `imageCache.maxSize`. */
export function variableOf(group: string, option: string): string {
  return `KILONOVA_${snakeCase(group)}__${snakeCase(option)}`;
}

/** Values by group and option, as a program gives them in code. */
type GivenInCode = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The layer of the values that a program gives in place of defaults. */
export function presetLayer(presets: GivenInCode): Layer {
  return layerFromCode(presets, { from: "preset" });
}

/** The layer of the overrides that a program gives in code. */
export function overrideLayer(overrides: GivenInCode): Layer {
  return layerFromCode(overrides, { from: "override" });
}

function layerFromCode(given: GivenInCode, origin: Origin): Layer {
  const entries = new Map<string, Entry>();
  for (const [group, options] of Object.entries(given)) {
    for (const [option, value] of Object.entries(options)) {
      if (value !== undefined) entries.set(`${group}.${option}`, { value, origin });
    }
  }
  return { keyedBy: "option", entries };
}

/** The layer of the environment: variables of the form `KILONOVA_GROUP__OPTION`; others are none of ours. */
export function environmentLayer(environment: Readonly<Record<string, string | undefined>>): Layer {
  const entries = new Map<string, Entry>();
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || !/^KILONOVA_[A-Z0-9_]*?[A-Z0-9]__[A-Z0-9_]+$/.test(variable)) continue;
    entries.set(variable, { texts: [text], origin: { from: "environment", variable } });
  }
  return { keyedBy: "variable", entries };
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toUpperCase();
}
