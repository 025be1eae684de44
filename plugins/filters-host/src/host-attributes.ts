import type { HostState } from "@kilonova/plugin-api";

const MIB_PER_GIB = 1024;

/** What flavors and queries may name of a host, by OpenStack's names. Undefined: the host has no such thing. */
const ATTRIBUTES: ReadonlyMap<string, (host: HostState) => unknown> = new Map<string, (host: HostState) => unknown>([
  ["host", ({ host }) => host],
  ["nodename", ({ node }) => node],
  ["hypervisor_hostname", ({ node }) => node],
  ["uuid", ({ providerId }) => providerId],
  ["host_ip", ({ hostIp }) => hostIp],
  ["hypervisor_type", ({ hypervisorType }) => hypervisorType],
  ["hypervisor_version", ({ hypervisorVersion }) => hypervisorVersion],
  ["vcpus_total", (host) => total(host, "VCPU")],
  ["vcpus_used", (host) => used(host, "VCPU")],
  ["total_usable_ram_mb", (host) => total(host, "MEMORY_MB")],
  ["free_ram_mb", (host) => total(host, "MEMORY_MB") - used(host, "MEMORY_MB")],
  ["total_usable_disk_gb", (host) => total(host, "DISK_GB")],
  ["disk_mb_used", (host) => used(host, "DISK_GB") * MIB_PER_GIB],
  ["free_disk_mb", (host) => (total(host, "DISK_GB") - used(host, "DISK_GB")) * MIB_PER_GIB],
  ["cpu_allocation_ratio", (host) => ratio(host, "VCPU")],
  ["ram_allocation_ratio", (host) => ratio(host, "MEMORY_MB")],
  ["disk_allocation_ratio", (host) => ratio(host, "DISK_GB")],
  ["num_instances", ({ servers }) => servers],
  ["num_io_ops", ({ ioOps }) => ioOps],
  ["failed_builds", ({ failedBuilds }) => failedBuilds],
  ["cpu_info", ({ stats }) => own(stats, "cpu_info")],
  [
    "supported_instances",
    (host) => host.supportedInstances.map((each) => [each.architecture, each.hypervisorType, each.vmMode]),
  ],
  ["service", ({ host, disabled, disabledReason }) => ({ host, disabled, disabled_reason: disabledReason })],
  ["stats", ({ stats }) => stats],
]);

/** The attribute of a name; null and undefined where the host has none. */
export function hostAttribute(host: HostState, name: string): unknown {
  return ATTRIBUTES.get(name)?.(host);
}

/** Goes down into a value, key by key. Text is read as JSON on the way: drivers may tell of their CPUs so. */
export function valueWithin(value: unknown, keys: readonly string[]): unknown {
  let found = value;
  for (const key of keys) {
    found = own(typeof found === "string" ? jsonIn(found) : found, key);
    if (found === undefined || found === null) return undefined;
  }
  return found;
}

/** True where the host has an attribute of that name or its driver tells something by it. */
export function hasAttribute(host: HostState, name: string): boolean {
  return ATTRIBUTES.has(name) || Object.hasOwn(host.stats, name);
}

/** What a path of names leads to, the first being an attribute or something that the driver tells. */
export function capability(host: HostState, [name = "", ...keys]: readonly string[]): unknown {
  return valueWithin(hostAttribute(host, name) ?? own(host.stats, name), keys) ?? undefined;
}

/** How many bits wide the host's physical addresses are, where its driver says. */
export function maxPhysicalAddressBits(host: HostState): number | undefined {
  const bits = Number(capability(host, ["cpu_info", "maxphysaddr", "bits"]));
  return Number.isInteger(bits) && bits > 0 ? bits : undefined;
}

function own(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
    return undefined;
  const found: unknown = Reflect.get(value, key);
  return found;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function total(host: HostState, resourceClass: string): number {
  return host.resources.get(resourceClass)?.total ?? 0;
}

/** What is kept for the host itself counts as used. */
function used(host: HostState, resourceClass: string): number {
  const reserved = host.provider.inventories[resourceClass]?.reserved ?? 0;
  return (host.resources.get(resourceClass)?.used ?? 0) + reserved;
}

function ratio(host: HostState, resourceClass: string): number | undefined {
  return host.provider.inventories[resourceClass]?.allocationRatio;
}
