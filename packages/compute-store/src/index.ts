export {
  type AggregateChanges,
  type AggregateRecord,
  addHostToAggregate,
  createAggregate,
  deleteAggregate,
  findAggregate,
  listHostAggregates,
  type NewAggregate,
  removeHostFromAggregate,
  updateAggregate,
} from "./aggregates.js";
export * from "./availability-zones.js";
export * from "./compute-nodes.js";
export {
  type CreatedServers,
  type CreateServers,
  createServers,
  type NewServer,
} from "./create-servers.js";
export * from "./flavors.js";
export { countImageProperties, type HostCounts } from "./image-properties.js";
export { countIoOps } from "./io-ops.js";
export * from "./keypairs.js";
export { giveBackLease, releaseLeases, renewLease, renewLeases, type Step } from "./leases.js";
export * from "./list-servers.js";
export { computeMigrations } from "./migrations.js";
export { openOperations } from "./open-operations.js";
export { OPEN_STATES, type OperationCount, operationCounts } from "./operation-counts.js";
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
export {
  type DecisionEntry,
  forgetDecisions,
  recordDecisions,
} from "./record-decisions.js";
export { type OperationRequest, type RequestedOperation, requestOperation } from "./request-operation.js";
export type { FaultRecord, ServerRecord } from "./rows.js";
export { hostsChangedSince, listHosts, type SchedulerHost } from "./scheduler-hosts.js";
export {
  type DecisionPage,
  type DecisionQuery,
  type DecisionSummary,
  decisionSummarySchema,
  findDecision,
  listDecisions,
  newestDecisionOf,
} from "./scheduling-decisions.js";
export {
  countServerGroups,
  createServerGroup,
  deleteServerGroup,
  findServerGroup,
  groupOfServer,
  hostsOfServerGroup,
  type JoinedGroup,
  listServerGroups,
  type NewServerGroup,
  type ServerGroupRecord,
} from "./server-groups.js";
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
