export { PlacementManager } from "./manager.js";
export { placementMigrations } from "./migrations.js";
export { placementOptions } from "./options.js";
