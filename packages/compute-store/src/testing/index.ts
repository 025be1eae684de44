export { type ComputeDatabase, computeDatabase } from "./compute-database.js";
export { computeNode } from "./compute-node.js";
export { createRequest, newServer, TINY_FLAVOR } from "./new-server.js";
export { sampleDecision } from "./sample-decision.js";
