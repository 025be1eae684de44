import { stringify } from "yaml";
import { describeOptions, type OptionDescription } from "./describe-options.js";
import type { OptionGroup } from "./option-group.js";

/**
 * A YAML file that names every option with its description and default, each commented out: as it stands it changes
 * nothing, and removing a `#` is enough to set an option.
 */
export function sample(groups: readonly OptionGroup[]): string {
  const options = describeOptions(groups);
  const sections = groups.map((group) => {
    const own = options.filter((option) => option.group === group.name);
    return [`${group.name}:\n`, own.map(optionSample).join("\n")].join("");
  });
  return sections.join("\n");
}

function optionSample(option: OptionDescription): string {
  const notes = [
    option.type,
    option.required && "required",
    option.secret && "secret",
    option.mutable && "may change while running",
    option.defaultText !== undefined && `default: ${option.defaultText}`,
  ].filter(Boolean);
  const hasDefault = option.default !== undefined && !option.secret;
  const value = hasDefault ? stringify({ [option.option]: option.default }, { lineWidth: 0 }) : `${option.option}:\n`;
  return [
    ...option.description.split("\n").map((line) => `  ## ${line}\n`),
    `  ## (${notes.join(", ")})\n`,
    ...value
      .trimEnd()
      .split("\n")
      .map((line) => `  # ${line}\n`),
  ].join("");
}
