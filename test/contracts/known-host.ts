import { randomUUID } from "node:crypto";
import { saveComputeNode } from "@kilonova/compute-store";
import type { Placement } from "@kilonova/contracts";
import type { ServiceRecords } from "@kilonova/core";
import type { Database } from "@kilonova/database";
import type { RequestContext, RpcClient } from "@kilonova/messaging";

export interface Capacity {
  readonly VCPU: number;
  readonly MEMORY_MB: number;
  readonly DISK_GB: number;
}

/** Where a host is made known. */
export interface HostRegistry {
  readonly context: RequestContext;
  readonly placement: RpcClient<Placement>["call"];
  readonly database: Database;
  readonly serviceRecords: ServiceRecords;
}

/** A host that schedulers know by now, or after their next look. */
export interface KnownHost {
  readonly providerId: string;
  /** The record of its compute service. */
  readonly serviceId: string;
}

/** Makes a host known as its compute would: its provider, its hypervisor, and a service that has just reported. */
export async function makeHostKnown(
  { context, placement, database, serviceRecords }: HostRegistry,
  host: string,
  capacity: Capacity,
): Promise<KnownHost> {
  const id = randomUUID();
  const made = await placement.ensureProvider(context, { id, name: host, parentId: null });
  if (!made.ok) throw new Error(made.refusal);
  const unit = { reserved: 0, minUnit: 1, stepSize: 1, allocationRatio: 1 };
  const inventories = Object.fromEntries(
    Object.entries(capacity).map(([name, total]: [string, number]) => [name, { ...unit, total, maxUnit: total }]),
  );
  await placement.setInventories(context, { providerId: id, generation: made.value.generation, inventories });
  await saveComputeNode(database, {
    id,
    host,
    hypervisorHostname: host,
    hypervisorType: "fake",
    hypervisorVersion: 1,
    hostIp: "127.0.0.1",
    vcpus: capacity.VCPU,
    vcpusUsed: 0,
    memoryMb: capacity.MEMORY_MB,
    memoryMbUsed: 0,
    diskGb: capacity.DISK_GB,
    diskGbUsed: 0,
    runningServers: 0,
    cpuInfo: {},
    uptime: null,
  });
  const record = await serviceRecords.register({ binary: "kilonova-compute", topic: "compute", host, contracts: {} });
  await serviceRecords.report(record.id);
  return { providerId: id, serviceId: record.id };
}
