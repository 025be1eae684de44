import { type Configuration, ConfigurationError, objectPath, optionGroup } from "@kilonova/config";
import { z } from "zod";
import { SERVICE_PARTS, servicePart } from "./service-parts.js";

/**
 * Holds that all that is written is right, once everything that the services here bring is declared. What names the
 * parts of a service need not be declared by anybody; the options of services that are not served here, and that nobody
 * here knows, are theirs.
 *
 * @throws ConfigurationError with every problem there is
 */
export function checkServedOptions(configuration: Configuration, names: readonly string[]): void {
  const declared = () => new Set(configuration.groups().map(({ name }) => name));
  for (const name of names) if (!declared().has(name)) configuration.register(partsOf(name));
  const known = declared();
  const problems = configuration.problems().filter(({ option }) => {
    const [group = option] = option.split(".");
    return known.has(group) || SERVICE_PARTS.every((part) => servicePart(configuration, group, part) === undefined);
  });
  if (problems.length > 0) throw new ConfigurationError(configuration.program, problems);
}

/** The options of a service whose package declares none. */
function partsOf(service: string) {
  return optionGroup(
    service,
    z.object({
      manager: objectPath("service").optional().describe(`The manager of service ${service}.`),
      web: objectPath().optional().describe(`The web service of service ${service}.`),
    }),
  );
}
