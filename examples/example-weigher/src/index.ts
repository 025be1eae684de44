export { FewestServersWeigher } from "./fewest-servers-weigher.js";
export { fewestServersOptions } from "./options.js";
