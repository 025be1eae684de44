import type { OptionValues } from "./separate-processes.js";

/** What the configuration of a process says of a broker, by what kind of address it has. */
export function brokerOptions(url: string): OptionValues {
  if (url.startsWith("postgresql:")) {
    return { transport: { driver: "@kilonova/transport-postgres#PostgresTransport" }, transportPostgres: { url } };
  }
  return { transport: { driver: "@kilonova/transport-rabbitmq#RabbitmqTransport" }, rabbitmq: { url } };
}
