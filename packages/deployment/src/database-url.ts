import { type Configuration, ConfigurationError } from "@kilonova/config";
import { databaseOptions } from "@kilonova/database";

/**
 * Option `database.url`.
 *
 * @param who needs it, for the message
 * @throws ConfigurationError where it is not set
 */
export function databaseUrl(configuration: Configuration, who: string): string {
  const { url } = configuration.get(databaseOptions);
  if (url !== undefined) return url;
  throw new ConfigurationError(configuration.program, [
    {
      option: "database.url",
      place: "not set",
      expected: `postgresql://user:password@host:port/name, for ${who}`,
      received: "nothing",
    },
  ]);
}
