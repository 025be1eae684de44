export { FlatManager } from "./flat-manager.js";
export { networkMigrations } from "./migrations.js";
export { NetworkWeb } from "./network-web.js";
export { networkOptions } from "./options.js";
