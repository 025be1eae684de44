export { type ComputeDatabase, computeDatabase } from "./compute-database.js";
export { createRequest, newServer, TINY_FLAVOR } from "./new-server.js";
