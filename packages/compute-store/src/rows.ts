import {
  type ComputeNode,
  type Fault,
  type HostFacts,
  hostFactsSchema,
  type Operation,
  type OperationEvent,
  type Server,
} from "@kilonova/contracts";
import type { computeNodes, flavors, operationEvents, operations, serverFaults, servers } from "./tables/index.js";

export type ServerRow = typeof servers.$inferSelect;
export type OperationRow = typeof operations.$inferSelect;
export type OperationEventRow = typeof operationEvents.$inferSelect;
export type FaultRow = typeof serverFaults.$inferSelect;
export type FlavorRow = typeof flavors.$inferSelect;
export type ComputeNodeRow = typeof computeNodes.$inferSelect;

/** A server with all that the Compute API shows of it. */
export interface ServerRecord extends Server {
  readonly description: string | null;
  readonly diskConfig: "AUTO" | "MANUAL";
  readonly accessIpV4: string | null;
  readonly accessIpV6: string | null;
  readonly locked: boolean;
  readonly lockedReason: string | null;
  readonly networkInfo: ServerRow["networkInfo"];
  readonly updatedAt: string;
  readonly terminatedAt: string | null;
  readonly deletedAt: string | null;
  /** The newest. */
  readonly fault: FaultRecord | null;
}

export interface FaultRecord extends Fault {
  readonly createdAt: string;
}

/** A row as services hand it to one another. */
export function toServer(row: ServerRow): Server {
  return {
    id: row.id,
    projectId: row.projectId,
    userId: row.userId,
    name: row.name,
    hostname: row.hostname,
    vmState: row.vmState,
    taskState: row.taskState,
    powerState: row.powerState,
    flavor: row.flavor,
    imageId: row.imageId,
    keyName: row.keyName,
    publicKey: row.publicKey,
    userData: row.userData,
    metadata: row.metadata,
    configDrive: row.configDrive,
    host: row.host,
    node: row.node,
    availabilityZone: row.availabilityZone,
    reservationId: row.reservationId,
    launchIndex: row.launchIndex,
    createdAt: row.createdAt,
    launchedAt: row.launchedAt,
    fence: row.fence,
  };
}

export function toServerRecord(row: ServerRow, fault: FaultRow | null): ServerRecord {
  return {
    ...toServer(row),
    description: row.description,
    diskConfig: row.diskConfig,
    accessIpV4: row.accessIpV4,
    accessIpV6: row.accessIpV6,
    locked: row.locked,
    lockedReason: row.lockedReason,
    networkInfo: row.networkInfo,
    updatedAt: row.updatedAt,
    terminatedAt: row.terminatedAt,
    deletedAt: row.deletedAt,
    fault: fault && toFault(fault),
  };
}

function toFault({ code, message, details, createdAt }: FaultRow): FaultRecord {
  return { code, message, details, createdAt };
}

export function toOperation(row: OperationRow): Operation {
  return {
    id: row.id,
    serverId: row.serverId,
    action: row.action,
    stage: row.stage,
    host: row.host,
    requestId: row.requestId,
    projectId: row.projectId,
    userId: row.userId,
    args: row.args,
    alternates: row.alternates,
    attempt: row.attempt,
    fence: row.fence,
  };
}

export function toOperationEvent({
  event,
  host,
  startedAt,
  finishedAt,
  result,
  details,
}: OperationEventRow): OperationEvent {
  return { event, host, startedAt, finishedAt, result, details };
}

export function toComputeNode({
  createdAt: _created,
  updatedAt: _updated,
  changedAt: _changed,
  failedBuilds: _failed,
  facts,
  ...node
}: ComputeNodeRow): ComputeNode {
  return { ...node, facts: toHostFacts(facts) };
}

/** None where a newer release has written them in another form: a host without facts is better than no hosts. */
export function toHostFacts(facts: unknown): HostFacts {
  const parsed = hostFactsSchema.safeParse(facts);
  return parsed.success ? parsed.data : {};
}
