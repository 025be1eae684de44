import type { ComputeNode, HostAggregate, ServiceRecord } from "@kilonova/contracts";

/** What the scheduler has to know of a hypervisor. Its id is that of the host's root provider. */
export interface Hypervisor
  extends Pick<
    ComputeNode,
    "id" | "host" | "hypervisorHostname" | "hypervisorType" | "hypervisorVersion" | "hostIp" | "cpuInfo"
  > {
  readonly facts: NonNullable<ComputeNode["facts"]>;
  /** Builds that failed since one succeeded. */
  readonly failedBuilds: number;
  /** Another text when anything of the above is another. */
  readonly changedAt: string;
}

/** A host aggregate with its hosts. */
export interface AggregateOfHosts extends HostAggregate {
  readonly hosts: readonly string[];
}

/** What is known of a host beside what placement tells. */
export interface KnownHost {
  readonly hypervisor: Hypervisor;
  readonly service: Pick<ServiceRecord, "host" | "disabled" | "disabledReason">;
  readonly up: boolean;
  readonly aggregates: readonly HostAggregate[];
  readonly availabilityZone: string;
  readonly ioOps: number;
  readonly imageProperties: ReadonlyMap<string, number>;
}

/** True where filters and weighers could not tell two states of a host apart. */
export function isSame(one: KnownHost, other: KnownHost): boolean {
  return (
    one.hypervisor.changedAt === other.hypervisor.changedAt &&
    one.service.disabled === other.service.disabled &&
    one.service.disabledReason === other.service.disabledReason &&
    one.up === other.up &&
    one.ioOps === other.ioOps &&
    one.availabilityZone === other.availabilityZone &&
    one.aggregates === other.aggregates &&
    isSameCount(one.imageProperties, other.imageProperties)
  );
}

function isSameCount(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean {
  if (one.size !== other.size) return false;
  for (const [key, count] of one) if (other.get(key) !== count) return false;
  return true;
}
