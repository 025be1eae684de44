export { type Connection, connectionUrl } from "./connection.js";
export { EmbeddedPostgres, type EmbeddedPostgresOptions } from "./embedded-postgres.js";
export { StateFolder } from "./state-folder.js";
