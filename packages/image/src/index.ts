export { FileStore } from "./file-store.js";
export { ImageManager } from "./manager.js";
export { imageMigrations } from "./migrations.js";
export { type ImageOptions, imageOptions } from "./options.js";
export { ImageWeb } from "./web.js";
