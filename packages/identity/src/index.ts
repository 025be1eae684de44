export {
  type BootstrapEndpoint,
  type BootstrapRequest,
  type BootstrapUser,
  bootstrapIdentity,
  DEFAULT_DOMAIN,
} from "./bootstrap.js";
export { IdentityManager } from "./manager.js";
export { identityMigrations } from "./migrations.js";
export { type IdentityOptions, identityOptions } from "./options.js";
export { IdentityWeb } from "./web.js";
