import { randomUUID } from "node:crypto";
import type { Flavor, Operation, RequestSpec } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { type Outcome, ok, refused } from "@kilonova/messaging";
import { type OverQuota, type QuotaLimits, quotaExceeded, usageForUpdate } from "./quota-usage.js";
import { type ServerRecord, toOperation, toServerRecord } from "./rows.js";
import { type GroupFull, type GroupNotFound, type JoinedGroup, joinGroup, roomInGroup } from "./server-groups.js";
import { operations, requestSpecs, servers } from "./tables/index.js";
import { after } from "./time.js";

/** A server that is asked for. */
export interface NewServer {
  readonly id: string;
  readonly name: string;
  readonly hostname: string;
  readonly description: string | null;
  readonly flavor: Flavor;
  readonly imageId: string | null;
  readonly keyName: string | null;
  readonly publicKey: string | null;
  readonly userData: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly configDrive: boolean;
  readonly diskConfig: "AUTO" | "MANUAL";
  readonly accessIpV4: string | null;
  readonly accessIpV6: string | null;
  readonly availabilityZone: string | null;
}

export interface CreateServers {
  readonly requestId: string;
  readonly projectId: string;
  readonly userId: string;
  /** As many as are wanted, in the order of their launch indexes, all of one flavor. */
  readonly servers: readonly NewServer[];
  /** Fewer than this are not worth having: where the quota leaves room for less, nothing is made. */
  readonly minCount: number;
  readonly requestSpec: RequestSpec;
  readonly limits: QuotaLimits;
  /** The group that they join. */
  readonly group?: JoinedGroup;
  /** Milliseconds in which a conductor should take the operations before the sweep looks for one. */
  readonly takeWithin: number;
}

export interface CreatedServers {
  /** In the order of their launch indexes. */
  readonly servers: readonly ServerRecord[];
  /** One for each server. */
  readonly operations: readonly Operation[];
}

/**
 * Writes servers, their request specs and the operations that build them, and has them join their group: one transaction. Servers of one project are
 * counted and made by one request at a time, so that no two of them share the last of a quota.
 */
export async function createServers(
  database: Queryable,
  request: CreateServers,
): Promise<Outcome<CreatedServers, { overQuota: OverQuota } & GroupNotFound & GroupFull>> {
  const [first] = request.servers;
  if (!first) throw new TypeError("no server is asked for");
  return await database.transaction(async (transaction) => {
    const used = await usageForUpdate(transaction, request.projectId, request.limits);
    const room = quotaExceeded(used, request.limits, first.flavor, request.minCount, request.servers.length);
    if (typeof room !== "number") return refused("overQuota", room);
    const wanted = request.servers.slice(0, room);
    const { group } = request;
    const joining = group ? await roomInGroup(transaction, group, wanted.length) : ok();
    if (!joining.ok) return joining;
    const created = await insert(transaction, request, wanted);
    const ids = wanted.map(({ id }) => id);
    if (group) await joinGroup(transaction, group.id, ids);
    return ok(created);
  });
}

async function insert(
  transaction: Queryable,
  request: CreateServers,
  wanted: readonly NewServer[],
): Promise<CreatedServers> {
  const { requestId, projectId, userId, requestSpec } = request;
  const made = await transaction
    .insert(servers)
    .values(
      wanted.map((server, launchIndex) => ({
        ...server,
        projectId,
        userId,
        launchIndex,
        reservationId: requestSpec.reservationId,
        vmState: "building" as const,
        taskState: "scheduling" as const,
        powerState: "pending" as const,
      })),
    )
    .returning();
  await transaction.insert(requestSpecs).values(wanted.map(({ id }) => ({ serverId: id, spec: requestSpec })));
  const opened = await transaction
    .insert(operations)
    .values(
      wanted.map(({ id }) => ({
        id: randomUUID(),
        serverId: id,
        action: "create" as const,
        stage: "conductor" as const,
        state: "pending" as const,
        dueAt: after(request.takeWithin),
        args: {},
        requestId,
        projectId,
        userId,
      })),
    )
    .returning();
  return { servers: made.map((row) => toServerRecord(row, null)), operations: opened.map(toOperation) };
}
