export { computeNodes } from "./compute-nodes.js";
export { flavorAccess, flavors } from "./flavors.js";
export { keypairs } from "./keypairs.js";
export { type OperationState, operationEvents, operations } from "./operations.js";
export { quotas } from "./quotas.js";
export { compute } from "./schema.js";
export { requestSpecs, serverFaults, servers } from "./servers.js";
