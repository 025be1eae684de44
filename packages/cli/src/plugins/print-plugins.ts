import type { PluginDetails, PluginSummary, PluginVerdict } from "@kilonova/deployment";
import { jsonValue } from "../config/show.js";
import { printTable } from "../table.js";
import type { Terminal } from "../terminal.js";

const COLUMNS = [
  { title: "NAME" },
  { title: "VERSION" },
  { title: "FROM" },
  { title: "STATE" },
  { title: "PROVIDES" },
] as const;

/** A line for each plugin; what is wrong with it stands below. */
export function printPlugins(plugins: readonly PluginSummary[], terminal: Terminal): void {
  const rows = plugins.map((plugin) => ({
    cells: [plugin.name, plugin.version, plugin.from, stateOf(plugin), providesText(plugin)],
    below: plugin.problems.map((problem) => `  ! ${problem}`),
  }));
  printTable(terminal, COLUMNS, rows);
}

/** Everything about one plugin, in parts with a heading each. */
export function printPlugin(plugin: PluginDetails, terminal: Terminal): void {
  const { name, version, description, from, directory, inUseBy, manifest, options, hooks, problems } = plugin;
  terminal.print(`${name} ${version}`);
  if (description !== undefined) terminal.print(description);
  const print = (title: string, lines: readonly string[]) => {
    if (lines.length > 0) terminal.print(["", `${title}:`, ...lines.map((line) => `  ${line}`)].join("\n"));
  };
  print("Found", [`${PLACES[from]}, in ${directory}`]);
  print("In use by", inUseBy.length > 0 ? inUseBy : ["nothing; it is available"]);
  print("Problems", problems);
  print("Manifest", manifest ? JSON.stringify(manifest, null, 2).split("\n") : []);
  print(
    "Options",
    options.map(({ option, value, origin }) => `${option} = ${value}  (${origin})`),
  );
  print(
    "Hooks",
    hooks.map(({ path, point, disabled }) => `${path} at ${point}${disabled ? "  (disabled by hooks.disabled)" : ""}`),
  );
}

/** A plugin as programs read it. */
export function jsonPlugin(plugin: PluginDetails) {
  return { ...plugin, options: plugin.options.map((each) => ({ ...each, value: jsonValue(each.value) })) };
}

/** A line for each that was checked; what is wrong with it stands below. */
export function printVerdicts(verdicts: readonly PluginVerdict[], terminal: Terminal): void {
  for (const { plugin, problems } of verdicts) {
    terminal.print(`${plugin}: ${problems.length === 0 ? "nothing is wrong" : "cannot be relied on"}`);
    for (const problem of problems) terminal.print(`  ! ${problem}`);
  }
}

const PLACES = { box: "in the box", configuration: "beside the configuration", path: "by its path" } as const;

function stateOf({ inUseBy, problems }: PluginSummary): string {
  if (problems.length > 0) return "broken";
  return inUseBy.length > 0 ? "in use" : "available";
}

function providesText({ provides }: PluginSummary): string {
  return provides.map((each) => `${each.kind} ${each.export}`).join(", ");
}
