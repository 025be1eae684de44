export { transportPostgresOptions } from "./options.js";
export { PostgresTransport } from "./postgres-transport.js";
