import { randomUUID } from "node:crypto";
import type { ComputeNode } from "@kilonova/contracts";

/** A hypervisor of a host, named like it. */
export function computeNode(host: string, changes: Partial<ComputeNode> = {}): ComputeNode {
  return {
    id: randomUUID(),
    host,
    hypervisorHostname: host,
    hypervisorType: "fake",
    hypervisorVersion: 1_000_000,
    hostIp: "127.0.0.1",
    vcpus: 8,
    vcpusUsed: 0,
    memoryMb: 8_192,
    memoryMbUsed: 0,
    diskGb: 100,
    diskGbUsed: 0,
    runningServers: 0,
    cpuInfo: {},
    uptime: null,
    ...changes,
  };
}
