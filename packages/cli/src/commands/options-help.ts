import { describeOptions } from "@kilonova/config";
import { IN_BOX_GROUPS } from "@kilonova/deployment";

const WIDTH = 44;

/** The options of the cloud, as `--help` lists them. */
export function optionsHelp(): string {
  const lines = describeOptions(IN_BOX_GROUPS).map((option) => {
    const name = `  --${option.group}.${option.option}`;
    const preset = option.default === undefined ? "" : ` (default: ${option.default})`;
    return `${name.padEnd(WIDTH)} ${option.description}${preset}`;
  });
  return [
    "",
    "Options of the cloud, which may also stand in kilonova.config.yaml or in the environment (KILONOVA_GROUP__OPTION):",
    `${"  --config-file FILE".padEnd(WIDTH)} Read this file in place of those that are searched for; may be repeated, later wins.`,
    ...lines,
    "",
    "Example:",
    "  kilonova up --first-guest --http.port 9774",
  ].join("\n");
}
