import { type Configuration, ConfigurationError, nearestName } from "@kilonova/config";
import { SERVICE_PARTS, servicePart } from "./service-parts.js";

/**
 * Holds that each service has something to run, and is named once, before anything is started.
 *
 * @throws ConfigurationError with every name that has not, or that is there again
 */
export function checkServiceNames(configuration: Configuration, names: readonly string[]): void {
  const known = configuration
    .groups()
    .flatMap(({ name, schema }) => (SERVICE_PARTS.some((part) => part in schema.shape) ? [name] : []));
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  const strangers = names.filter((name) =>
    SERVICE_PARTS.every((part) => servicePart(configuration, name, part) === undefined),
  );
  const repeated = [...twice].map((name) => ({
    option: `service ${name}`,
    place: "command line",
    expected: "each service once",
    received: "it twice",
  }));
  if (strangers.length + repeated.length === 0) return;
  const unknown = strangers.map((name) => {
    const suggestion = nearestName(name, known);
    return {
      option: `service ${name}`,
      place: "command line",
      expected: `one of ${known.join(", ")}, or one of your own, named by option ${name}.manager`,
      received: "an unknown one",
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  });
  throw new ConfigurationError(configuration.program, [...unknown, ...repeated]);
}
