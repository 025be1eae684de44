import { z } from "zod";
import { hostName, identifier } from "./identifier.js";

/** Which guests a hypervisor can run: architecture, hypervisor type and virtual machine mode, as images name them. */
export const supportedInstanceSchema = z.object({
  architecture: z.string(),
  hypervisorType: z.string(),
  vmMode: z.string(),
});

/** One NUMA cell of a host. */
export const numaCellSchema = z.object({
  id: z.number().int().nonnegative(),
  /** Host CPUs that may float, and those kept for guests that pin. */
  cpus: z.array(z.number().int().nonnegative()),
  pinnedCpus: z.array(z.number().int().nonnegative()),
  /** Threads of one core stand together. */
  siblings: z.array(z.array(z.number().int().nonnegative())),
  memoryMb: z.number().int().nonnegative(),
  memoryMbUsed: z.number().int().nonnegative(),
  cpusUsed: z.number().int().nonnegative(),
  cpusPinned: z.array(z.number().int().nonnegative()),
  /** Page sizes in KiB with how many pages there are and are taken. */
  pages: z.array(
    z.object({
      sizeKb: z.number().int().positive(),
      total: z.number().int().nonnegative(),
      used: z.number().int().nonnegative(),
    }),
  ),
});

/** PCI devices of a host that are alike and free. */
export const pciPoolSchema = z.object({
  vendorId: z.string(),
  productId: z.string(),
  numaNode: z.number().int().nonnegative().nullable(),
  deviceType: z.enum(["type-PCI", "type-PF", "type-VF"]),
  count: z.number().int().nonnegative(),
  tags: z.record(z.string(), z.string()),
});

/** What a driver tells of its hypervisor for filters and weighers. */
export const hostFactsSchema = z.object({
  supportedInstances: z.array(supportedInstanceSchema).optional(),
  /** Measurements by name, as `cpu.percent`. */
  metrics: z.record(z.string(), z.number()).optional(),
  /** Anything else that flavors may ask for by `capabilities:…`. */
  stats: z.record(z.string(), z.unknown()).optional(),
  numaCells: z.array(numaCellSchema).optional(),
  pciPools: z.array(pciPoolSchema).optional(),
});

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
  /** What filters read of it beyond that; empty where its driver says nothing. */
  facts: hostFactsSchema.optional(),
});

export type ComputeNode = Readonly<z.output<typeof computeNodeSchema>>;
export type SupportedInstance = Readonly<z.output<typeof supportedInstanceSchema>>;
export type NumaCell = Readonly<z.output<typeof numaCellSchema>>;
export type PciPool = Readonly<z.output<typeof pciPoolSchema>>;
export type HostFacts = Readonly<z.output<typeof hostFactsSchema>>;
