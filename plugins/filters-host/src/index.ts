export { ComputeFilter } from "./compute-filter.js";
