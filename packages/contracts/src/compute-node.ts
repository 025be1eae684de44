import { z } from "zod";
import { hostName, identifier } from "./identifier.js";

/** A hypervisor as its compute describes it. */
export const computeNodeSchema = z.object({
  /** Also the id of its root provider. */
  id: identifier,
  host: hostName,
  hypervisorHostname: hostName,
  hypervisorType: z.string(),
  /** As an integer, 7.2.22 being 7002022. */
  hypervisorVersion: z.number().int().nonnegative(),
  hostIp: z.string(),
  vcpus: z.number().int().nonnegative(),
  vcpusUsed: z.number().int().nonnegative(),
  memoryMb: z.number().int().nonnegative(),
  memoryMbUsed: z.number().int().nonnegative(),
  diskGb: z.number().int().nonnegative(),
  diskGbUsed: z.number().int().nonnegative(),
  runningServers: z.number().int().nonnegative(),
  cpuInfo: z.record(z.string(), z.unknown()),
  /** Seconds since the host was booted, where it says. */
  uptime: z.number().int().nonnegative().nullable(),
});

export type ComputeNode = Readonly<z.output<typeof computeNodeSchema>>;
