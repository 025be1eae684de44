export { type EmbeddedCloud, type EmbeddedCloudSettings, startEmbeddedCloud } from "./embedded-cloud.js";
export { IN_BOX_GROUPS, knownGroups } from "./in-box.js";
export { type MigrateSettings, type MigrationRow, migrateDatabase, migrationStatus } from "./migrate.js";
export { type Credentials, RestClient } from "./rest-client.js";
export { type ServeSettings, type ServingProcess, serve } from "./serve.js";
export { type StopSettings, stopEmbeddedCloud } from "./stop-embedded-cloud.js";
