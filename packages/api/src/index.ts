export { ApiWeb, MAX_VERSION, MIN_VERSION } from "./api-web.js";
export { apiOptions, quotaOptions } from "./options.js";
export {
  type RebootAction,
  type ServerAction,
  type ServerCreation,
  ServerManager,
} from "./servers/server-manager.js";
