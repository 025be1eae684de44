import { milliseconds, type Options, parseObjectPath } from "@kilonova/config";
import { isKilonovaError, messageOf } from "@kilonova/messaging";
import { z } from "zod";
import type { ObjectLoader } from "../container/object-loader.js";
import type { hooksOptions } from "../options.js";
import { describePackage } from "../plugins/found-plugin.js";
import { type FoundHook, hookEntries } from "../plugins/hook-entries.js";
import type { PluginCatalog } from "../plugins/plugin-catalog.js";
import { DEFAULT_HOOK_ORDER, DEFAULT_HOOK_TIME_LIMIT } from "./entered-hook.js";
import type { HookPoint } from "./hook-points.js";

/** A hook point, and who is on it. */
export interface HookPointRow {
  readonly point: string;
  /** Null where the point is not known: hooks have entered a name that nothing here has. */
  readonly version: string | null;
  readonly stability: "stable" | "internal" | null;
  readonly description: string | null;
  readonly amendable: readonly string[];
  /** JSON Schema; null where the point says nothing of it. */
  readonly payload: object | null;
  /** The same of what the method answers. */
  readonly result: object | null;
  /** In the order their `pre` runs; disabled ones too. */
  readonly hooks: readonly HookRow[];
  readonly problem?: string;
}

/** A hook at a point. */
export interface HookRow {
  /** By which `hooks.disabled` turns it off. */
  readonly name: string;
  readonly path: string;
  /** Who has it enter: an option, or a package with version and place. */
  readonly from: string;
  readonly order: number;
  /** `default`: a `pre` is closed, a `post` open. */
  readonly failure: "open" | "closed" | "default";
  /** Milliseconds */
  readonly timeLimit: number;
  readonly disabled: boolean;
  readonly problem?: string;
}

export interface HookListWorld {
  readonly options: Pick<Options<typeof hooksOptions>, "use" | "disabled">;
  readonly catalog: PluginCatalog;
  readonly loader: ObjectLoader;
}

/**
 * All hook points by name, and who is on them. Services that plugins bring are loaded for their points, and hooks to see
 * whether they are some; what is wrong with one is in its row.
 */
export async function hookList({ options, catalog, loader }: HookListWorld): Promise<readonly HookPointRow[]> {
  await loadHookPoints(catalog, loader);
  const entered = [...hookEntries(options, catalog), ...unfitEntries(catalog)];
  const byPoint = new Map<string, HookRow[]>();
  for (const hook of entered) {
    const { point } = hook.entry;
    byPoint.set(point, [...(byPoint.get(point) ?? []), await hookRow(hook, loader)]);
  }
  const known = loader.hookPoints;
  const names = new Set([...known.all().map(({ name }) => name), ...byPoint.keys()]);
  return [...names].sort().map((name) => {
    const hooks = (byPoint.get(name) ?? []).sort((one, other) => one.order - other.order);
    const problem = known.problemOf(name);
    return { ...pointRow(name, known.find(name)), hooks, ...(problem === undefined ? {} : { problem }) };
  });
}

/**
 * Loads the services that plugins bring, for their points. One that cannot be loaded has none; that it cannot is for the
 * list of plugins to say.
 */
export async function loadHookPoints(catalog: PluginCatalog, loader: ObjectLoader): Promise<void> {
  for (const { path, plugin } of catalog.available("service")) {
    await loader.load(path, `the manifest of ${plugin.name}`, "service").catch(() => {});
  }
}

function pointRow(name: string, point: HookPoint | undefined): Omit<HookPointRow, "hooks"> {
  return {
    point: name,
    version: point?.version ?? null,
    stability: point?.stability ?? null,
    description: point?.description ?? null,
    amendable: point?.amendable ?? [],
    payload: jsonSchema(point?.payload),
    result: jsonSchema(point?.result),
  };
}

async function hookRow(hook: FoundHook, loader: ObjectLoader): Promise<HookRow> {
  const { path, asked, entry, plugin, disabled } = hook;
  const problem = disabled ? undefined : await problemOf(hook, loader);
  return {
    name: parseObjectPath(path)?.exportName ?? path,
    path,
    from: plugin ? describePackage(plugin) : asked,
    order: entry.order ?? DEFAULT_HOOK_ORDER,
    failure: entry.failure ?? "default",
    timeLimit: milliseconds(entry.timeLimit ?? DEFAULT_HOOK_TIME_LIMIT),
    disabled,
    ...(problem === undefined ? {} : { problem }),
  };
}

async function problemOf({ path, asked, plugin }: FoundHook, loader: ObjectLoader): Promise<string | undefined> {
  if (plugin && !plugin.fit) return plugin.problems.join("; ");
  try {
    await loader.load(path, asked, "hook");
    return undefined;
  } catch (error) {
    if (!isKilonovaError(error)) throw error;
    return messageOf(error);
  }
}

/** The hooks of plugins that cannot be used, which a process would miss. */
function unfitEntries(catalog: PluginCatalog): readonly FoundHook[] {
  return catalog.plugins.flatMap((plugin) =>
    (plugin.fit ? [] : (plugin.manifest?.hooks ?? [])).map(({ point, export: name, order, failure }) => ({
      path: `${plugin.name}#${name}`,
      asked: `the manifest of ${plugin.name}`,
      entry: { point, ...(order === undefined ? {} : { order }), ...(failure === undefined ? {} : { failure }) },
      plugin,
      disabled: false,
    })),
  );
}

function jsonSchema(schema: z.ZodType | undefined): object | null {
  return schema ? z.toJSONSchema(schema, { unrepresentable: "any" }) : null;
}
