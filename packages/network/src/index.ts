export { FlatManager } from "./flat-manager.js";
export { networkMigrations } from "./migrations.js";
export { networkOptions } from "./options.js";
export { NetworkWeb } from "./web.js";
