import type { ComputeNode, ServiceRecord } from "@kilonova/contracts";
import { numberOf } from "./services.js";

/** A hypervisor with the service of its host. */
export interface HypervisorRecord {
  readonly node: ComputeNode;
  /** Undefined where the host's service has been removed. */
  readonly service: ServiceRecord | undefined;
  readonly up: boolean;
}

/** A server as a hypervisor lists it. */
export interface HostedServer {
  readonly id: string;
  readonly name: string;
}

/** The id of a hypervisor: a UUID from 2.53 on, a number before. */
export function hypervisorId(node: ComputeNode, minor: number): string | number {
  return minor >= 53 ? node.id : numberOf(node.id);
}

/** One of `GET /os-hypervisors`. */
export function briefHypervisorView({ node, service, up }: HypervisorRecord, minor: number) {
  return {
    id: hypervisorId(node, minor),
    hypervisor_hostname: node.hypervisorHostname,
    state: up ? "up" : "down",
    status: service?.disabled === true ? "disabled" : "enabled",
  };
}

/** `GET /os-hypervisors/{id}`, and one of `GET /os-hypervisors/detail`. */
export function hypervisorView(record: HypervisorRecord, minor: number) {
  const { node, service } = record;
  return {
    ...briefHypervisorView(record, minor),
    hypervisor_type: node.hypervisorType,
    hypervisor_version: node.hypervisorVersion,
    host_ip: node.hostIp,
    ...(minor < 88 ? { ...capacity(node), cpu_info: cpuInfo(node, minor) } : { uptime: uptimeText(node) }),
    service: {
      id: service ? (minor >= 53 ? service.id : numberOf(service.id)) : null,
      host: node.host,
      disabled_reason: service?.disabledReason ?? null,
    },
  };
}

function capacity(node: ComputeNode) {
  return {
    vcpus: node.vcpus,
    vcpus_used: node.vcpusUsed,
    memory_mb: node.memoryMb,
    memory_mb_used: node.memoryMbUsed,
    local_gb: node.diskGb,
    local_gb_used: node.diskGbUsed,
    free_ram_mb: node.memoryMb - node.memoryMbUsed,
    free_disk_gb: node.diskGb - node.diskGbUsed,
    disk_available_least: node.diskGb - node.diskGbUsed,
    current_workload: 0,
    running_vms: node.runningServers,
  };
}

/** Up to 2.27 a text of JSON. */
function cpuInfo({ cpuInfo: info }: ComputeNode, minor: number) {
  return minor >= 28 ? info : JSON.stringify(info);
}

/** As the command `uptime` of the host begins; null where the host does not say. */
export function uptimeText({ uptime }: ComputeNode): string | null {
  if (uptime === null) return null;
  const days = Math.floor(uptime / 86_400);
  const hours = Math.floor(uptime / 3_600) % 24;
  const minutes = String(Math.floor(uptime / 60) % 60).padStart(2, "0");
  return `up ${days === 1 ? "1 day" : `${days} days`}, ${hours}:${minutes}`;
}

/** `GET /os-hypervisors/statistics`: sums over those whose service is not disabled. */
export function hypervisorStatisticsView(records: readonly HypervisorRecord[]) {
  const nodes = records.filter(({ service }) => service && !service.disabled).map(({ node }) => capacity(node));
  const sum = (key: keyof ReturnType<typeof capacity>) => nodes.reduce((total, node) => total + node[key], 0);
  return {
    count: nodes.length,
    vcpus: sum("vcpus"),
    vcpus_used: sum("vcpus_used"),
    memory_mb: sum("memory_mb"),
    memory_mb_used: sum("memory_mb_used"),
    local_gb: sum("local_gb"),
    local_gb_used: sum("local_gb_used"),
    free_ram_mb: sum("free_ram_mb"),
    free_disk_gb: sum("free_disk_gb"),
    disk_available_least: sum("disk_available_least"),
    current_workload: sum("current_workload"),
    running_vms: sum("running_vms"),
  };
}
