import type { Configuration, OptionGroup } from "@kilonova/config";
import { isKilonovaError, KilonovaError, messageOf, type Transport } from "@kilonova/messaging";
import { checkKind, isClass } from "./container/object-kind.js";
import type { ObjectLoader } from "./container/object-loader.js";
import { transportOptions } from "./options.js";
import { exitCodeOf } from "./process/exit-code.js";
import { withinTime } from "./time/within-time.js";

/**
 * The transport that option `transport.driver` names; not connected yet. A class is made from the options that it names,
 * a factory is given the configuration, an instance is taken as it is.
 *
 * @throws KilonovaError `object.*`, `plugin.unfit`; ConfigurationError for options of the transport
 */
export async function loadTransport(configuration: Configuration, loader: ObjectLoader): Promise<Transport> {
  const { driver } = configuration.get(transportOptions);
  const asked = "option transport.driver";
  const { value, title, optionGroups, timeLimit } = await loader.load(driver, asked, "transport");
  configuration.register(...optionGroups);
  if (typeof value !== "function") return value as Transport;
  try {
    if (isClass(value)) return new (value as TransportClass)(...optionsOf(value, configuration));
    const making = (async () => value(configuration) as unknown)();
    const made = await withinTime(making, timeLimit, `it took more than ${timeLimit} ms`);
    checkKind(made, title, asked, "transport");
    return made as Transport;
  } catch (cause) {
    if (isKilonovaError(cause) || exitCodeOf(cause) === 2) throw cause;
    throw new KilonovaError("object.failed", `${asked}: ${title} could not be made: ${messageOf(cause)}`, { cause });
  }
}

/** A transport is below the decorators: its class names the groups of options that its constructor is given. */
type TransportClass = (new (...options: unknown[]) => Transport) & { readonly optionGroups?: readonly OptionGroup[] };

function optionsOf(transport: object, configuration: Configuration): readonly unknown[] {
  return ((transport as TransportClass).optionGroups ?? []).map((group) => configuration.get(group));
}
