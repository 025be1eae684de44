import { type Configuration, objectPathsBelow } from "@kilonova/config";
import { KilonovaError } from "@kilonova/messaging";
import { isPluginKind, PLUGIN_KINDS, type PluginKind } from "@kilonova/plugin-api";

/**
 * What the object that an option names has to be, as the option says; undefined where it says nothing.
 *
 * @param option `group.option`
 * @throws ConfigurationError where no declared group has it; KilonovaError `object.failed` where it names a kind that there
 *   is not
 */
export function kindNamedBy(configuration: Configuration, option: string): PluginKind | undefined {
  const { group, option: name } = configuration.lookUp(option);
  const type = group.schema.shape[name];
  return type && checkedKind(objectPathsBelow(type)[0]?.kind, option);
}

/** @throws KilonovaError `object.failed`: a mistake in the program that declares the option */
export function checkedKind(kind: string | undefined, option: string): PluginKind | undefined {
  if (kind === undefined || isPluginKind(kind)) return kind;
  const words = `Option ${option} is declared for objects of kind ${kind}; expected one of ${PLUGIN_KINDS.join(", ")}.`;
  throw new KilonovaError("object.failed", words);
}
