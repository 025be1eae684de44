import { type Configuration, ConfigurationError, nearestName } from "@kilonova/config";
import { SERVICE_PARTS, servicePart } from "./service-parts.js";

/**
 * Holds that each service has something to run, before anything is started.
 *
 * @throws ConfigurationError with every name that has not
 */
export function checkServiceNames(configuration: Configuration, names: readonly string[]): void {
  const known = configuration
    .groups()
    .flatMap(({ name, schema }) => (SERVICE_PARTS.some((part) => part in schema.shape) ? [name] : []));
  const strangers = names.filter((name) =>
    SERVICE_PARTS.every((part) => servicePart(configuration, name, part) === undefined),
  );
  if (strangers.length === 0) return;
  const problems = strangers.map((name) => {
    const suggestion = nearestName(name, known);
    return {
      option: `service ${name}`,
      place: "command line",
      expected: `one of ${known.join(", ")}, or one of your own, named by option ${name}.manager`,
      received: "an unknown one",
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  });
  throw new ConfigurationError(configuration.program, problems);
}
