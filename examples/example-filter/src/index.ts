export { reservedHostsOptions } from "./options.js";
export { ReservedHostFilter } from "./reserved-host-filter.js";
