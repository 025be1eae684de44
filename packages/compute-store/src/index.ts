export * from "./compute-nodes.js";
export {
  type CreatedServers,
  type CreateServers,
  createServers,
  type NewServer,
} from "./create-servers.js";
export * from "./flavors.js";
export * from "./keypairs.js";
export { giveBackLease, releaseLeases, renewLease, renewLeases, type Step } from "./leases.js";
export * from "./list-servers.js";
export { computeMigrations } from "./migrations.js";
export * from "./operations.js";
export { type PowerReport, savePowerStates } from "./power-states.js";
export {
  deleteQuotas,
  type OverQuota,
  type QuotaLimits,
  type QuotaUsage,
  quotaOverrides,
  quotaUsage,
  setQuotas,
} from "./quota-usage.js";
export { type OperationRequest, type RequestedOperation, requestOperation } from "./request-operation.js";
export type { FaultRecord, ServerRecord } from "./rows.js";
export {
  findServer,
  findServerEvenDeleted,
  knownServers,
  type ServerAttributes,
  serversOfHost,
  updateServerAttributes,
} from "./servers.js";
export {
  changeServer,
  type EndedOperation,
  finishOperation,
  type OperationEnd,
  type Placement,
  placeServers,
  returnToConductor,
  stillOwned,
} from "./steps.js";
export { type DueOperation, dueOperations } from "./sweep-operations.js";
export type { OperationState } from "./tables/index.js";
export {
  type TakenOperation,
  type Taker,
  takeForCompute,
  takeForConductor,
  takeFromCompute,
} from "./take-operations.js";
