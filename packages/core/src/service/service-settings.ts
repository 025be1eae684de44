import type { Configuration, Duration, OptionGroup } from "@kilonova/config";
import { KilonovaError } from "@kilonova/messaging";
import { serviceOptions } from "../options.js";
import type { Runtime } from "../runtime.js";

const BINARY_PREFIX = "kilonova-";

/** What a service is; every field has a default. */
export interface ServiceSettings {
  /** The process it is in; without one, a runtime of its own, from the program's command line and environment. */
  readonly runtime?: Runtime;
  /** `service.host` unless given. */
  readonly host?: string;
  /** `kilonova-compute`; the program's name unless given. */
  readonly binary?: string;
  /** The binary less its prefix unless given. */
  readonly topic?: string;
  /** The object path of its manager; option `<topic>.manager` unless given. */
  readonly manager?: string;
  /** How often it reports that it lives; `service.reportInterval` unless given. */
  readonly reportInterval?: Duration;
  /** The longest time between two looks for periodic tasks that are due; `service.periodicInterval` unless given. */
  readonly periodicInterval?: Duration;
  /** Without a runtime: groups of options that are known before anything is loaded, that of the manager's path among them. */
  readonly groups?: readonly OptionGroup[];
}

/** How often a service does things, in milliseconds. */
export interface ServiceIntervals {
  readonly report: number;
  readonly periodic: number;
}

/**
 * What was given in code is held to the same bounds as the options.
 *
 * @throws KilonovaError `service.failedToStart`; ConfigurationError
 */
export function intervalsOf(configuration: Configuration, settings: ServiceSettings): ServiceIntervals {
  const options = configuration.get(serviceOptions);
  const chosen = (name: "reportInterval" | "periodicInterval") => {
    const given = settings[name];
    if (given === undefined) return options[name];
    const parsed = serviceOptions.schema.shape[name].safeParse(given);
    if (parsed.success) return parsed.data;
    throw new KilonovaError("service.failedToStart", `${name} must not be ${given}.`);
  };
  return { report: chosen("reportInterval"), periodic: chosen("periodicInterval") };
}

export function topicOf(binary: string, { topic }: ServiceSettings): string {
  return topic ?? binary.replace(BINARY_PREFIX, "");
}

/** The object path of a service's manager. @throws KilonovaError `service.failedToStart` where no option names it */
export function managerPath(configuration: Configuration, topic: string): string {
  const option = `${topic}.manager`;
  const written = configuration.writtenText(option);
  if (written !== undefined) return written;
  const isDeclared = configuration.groups().some((group) => group.name === topic);
  const value = isDeclared ? configuration.lookUp(option).value : undefined;
  if (typeof value === "string") return value;
  throw new KilonovaError(
    "service.failedToStart",
    `Option ${option} is not set: it names the manager of service ${topic}, as an object path.`,
  );
}
