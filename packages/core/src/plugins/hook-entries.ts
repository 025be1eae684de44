import { type Options, parseObjectPath } from "@kilonova/config";
import type { HookEntry } from "@kilonova/plugin-api";
import type { hooksOptions } from "../options.js";
import type { FoundPlugin } from "./found-plugin.js";
import { isHookDisabled } from "./hook-disabled.js";
import type { PluginCatalog } from "./plugin-catalog.js";

/** A hook that enters a point, by option `hooks.use` or by the manifest of a plugin that is installed. */
export interface FoundHook {
  /** Its object path; as it stands in the option, which may say it by a short name. */
  readonly path: string;
  /** Who has it enter, for messages. */
  readonly asked: string;
  readonly entry: HookEntry;
  /** The plugin whose manifest enters it; undefined for one that an option enters. */
  readonly plugin?: FoundPlugin;
  /** True where `hooks.disabled` names it. */
  readonly disabled: boolean;
}

/**
 * The hooks that enter a process, disabled ones included. Where an option names a hook for a point that its manifest
 * enters too, the option holds.
 */
export function hookEntries(
  { use, disabled }: Pick<Options<typeof hooksOptions>, "use" | "disabled">,
  catalog: PluginCatalog,
): readonly FoundHook[] {
  const byOption = use.map(({ hook, point, order, failure, timeLimit }): FoundHook => {
    const limits = { ...(order === undefined ? {} : { order }), ...(failure === undefined ? {} : { failure }) };
    return {
      path: hook,
      asked: "option hooks.use",
      entry: { point, ...limits, timeLimit: `${timeLimit}ms` },
      disabled: isHookDisabled(disabled, hook),
    };
  });
  const byManifest = catalog.plugins.flatMap((plugin) =>
    (plugin.fit ? (plugin.manifest?.hooks ?? []) : []).map((hook): FoundHook => {
      const { point, order, failure, timeLimit } = hook;
      const limits = { ...(order === undefined ? {} : { order }), ...(failure === undefined ? {} : { failure }) };
      const path = `${plugin.name}#${hook.export}`;
      return {
        path,
        asked: `the manifest of ${plugin.name}`,
        entry: { point, ...limits, ...(timeLimit === undefined ? {} : { timeLimit }) },
        plugin,
        disabled: isHookDisabled(disabled, path),
      };
    }),
  );
  const isReplaced = ({ path, entry }: FoundHook) =>
    byOption.some((each) => each.entry.point === entry.point && [path, exportOf(path)].includes(each.path));
  return [...byOption, ...byManifest.filter((hook) => !isReplaced(hook))];
}

function exportOf(path: string): string | undefined {
  return parseObjectPath(path)?.exportName;
}
