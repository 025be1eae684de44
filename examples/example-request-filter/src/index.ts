export { racksOptions } from "./options.js";
export { RackRequestFilter } from "./rack-request-filter.js";
