export { DEFAULT_AVAILABILITY_ZONE } from "./hosts/availability-zones.js";
export { apiOptions, quotaOptions } from "./options.js";
export {
  type RebootAction,
  type ServerAction,
  type ServerCreation,
  ServerManager,
} from "./servers/server-manager.js";
export { ApiWeb, MAX_VERSION, MIN_VERSION } from "./web.js";
