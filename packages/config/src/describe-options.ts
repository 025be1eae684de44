import { groupSchema, optionSchema, typeText } from "./json-schema.js";
import type { OptionGroup } from "./option-group.js";
import { metadataOf } from "./option-metadata.js";

/** What help, sample and reference page say of an option. */
export interface OptionDescription {
  readonly group: string;
  readonly option: string;
  readonly description: string;
  /** The type in words, as `integer from 1`, `"a" | "b"`, `list of string`. */
  readonly type: string;
  /** The default as an operator would write it; absent for an option without one. Masked for a secret. */
  readonly default?: unknown;
  /** The default in words, where each machine makes its own; there is no `default` then. */
  readonly defaultText?: string;
  /** True when the operator must supply a value. */
  readonly required: boolean;
  readonly secret: boolean;
  readonly mutable: boolean;
  readonly deprecatedNames: readonly string[];
}

/** Describes every option of the groups, in the order of their declaration. */
export function describeOptions(groups: readonly OptionGroup[]): readonly OptionDescription[] {
  return groups.flatMap((group) => {
    const schema = groupSchema(group);
    return Object.entries(group.schema.shape).map(([option, type]) => {
      const json = optionSchema(schema, option);
      const { defaultText, objectPath: _, ...metadata } = metadataOf(type);
      const preset = metadata.secret ? "***" : json.default;
      return {
        group: group.name,
        option,
        ...metadata,
        type: typeText(json),
        ...(defaultText === undefined ? json.default !== undefined && { default: preset } : { defaultText }),
        required: schema.required?.includes(option) ?? false,
      };
    });
  });
}
