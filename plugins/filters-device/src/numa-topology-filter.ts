import {
  HostFilter,
  type HostState,
  type HostVerdict,
  type Options,
  options,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { hasThreads } from "./core-packing.js";
import { emptied, fitNuma, type Overcommit } from "./numa-fit.js";
import { type GuestCell, type NumaOutcome, type NumaRequest, numaRequest } from "./numa-request.js";
import { filtersDeviceOptions } from "./options.js";
import { unservedRequest } from "./pci-pools.js";
import { aliasesByName, type PciAliases, type PciRequest, pciRequests } from "./pci-request.js";

interface Topology {
  /** Undefined where none is asked for. */
  readonly numa: NumaOutcome | undefined;
  /** The topology in words. */
  readonly words: string;
  /** What has to be near it. Requests that cannot be read are PciPassthroughFilter's business. */
  readonly pci: readonly PciRequest[];
}

/**
 * Passes hosts onto whose NUMA cells those of the server fit: CPUs, dedicated or shared, memory, pages, threads of cores, and
 * PCI devices near enough.
 */
export class NUMATopologyFilter extends HostFilter<Topology> {
  readonly #aliases: PciAliases;

  constructor(@options(filtersDeviceOptions) settings: Options<typeof filtersDeviceOptions>) {
    super();
    this.#aliases = aliasesByName(settings.pciAliases);
  }

  override concerns(request: SchedulingRequest): boolean {
    return numaRequest(request) !== undefined;
  }

  override signature(request: SchedulingRequest): string {
    const { numa, pci } = this.prepare(request);
    if (!numa) return "";
    return JSON.stringify([numa, pci.map(({ name, count, numaPolicy }) => [name, count, numaPolicy])]);
  }

  override prepare(request: SchedulingRequest): Topology {
    const numa = numaRequest(request);
    const pci = pciRequests(request, this.#aliases);
    return { numa, words: numa?.ok ? inWords(numa.request) : "", pci: pci.ok ? pci.requests : [] };
  }

  override hostPasses(host: HostState, _request: SchedulingRequest, { numa, words, pci }: Topology): HostVerdict {
    if (!numa) return true;
    if (!numa.ok) return { code: "numa-request-unreadable", words: `cannot serve the request: ${numa.problem}` };
    const { numaCells } = host;
    const { request } = numa;
    if (numaCells.length === 0)
      return { code: "no-numa-cells", words: "do not tell of NUMA cells, which the request needs" };
    if (numaCells.length < request.cells.length) {
      return { code: "too-few-numa-cells", words: `have fewer than ${request.cells.length} NUMA cells` };
    }
    if (request.cpuPolicy === "dedicated" && request.threads === "require" && !numaCells.some(hasThreads)) {
      return { code: "no-threads", words: "have one thread a core, and hw:cpu_thread_policy=require needs more" };
    }
    const overcommit = overcommitOf(host);
    const suits = pci.length > 0 ? (ids: readonly number[]) => !unservedRequest(host.pciPools, pci, ids) : undefined;
    if (fitNuma(numaCells, request, overcommit, suits)) return true;
    if (suits && fitNuma(numaCells, request, overcommit)) {
      const names = pci.map(({ name }) => name).join(", ");
      return { code: "pci-devices-apart", words: `have no PCI devices of ${names} near ${words}`, outlook: "not-now" };
    }
    if (fitNuma(emptied(numaCells), request, overcommit)) {
      return { code: "numa-cells-busy", words: `have too little left for ${words}`, outlook: "not-now" };
    }
    return { code: "numa-cells-small", words: `are not made for ${words}` };
  }
}

function overcommitOf({ provider }: HostState): Overcommit {
  return {
    cpus: provider.inventories["VCPU"]?.allocationRatio ?? 1,
    memory: provider.inventories["MEMORY_MB"]?.allocationRatio ?? 1,
  };
}

/** `2 NUMA cells of 4 dedicated CPUs and 2048 MB in pages of 2048 kB`. */
function inWords({ cells, pageSize, threads, isolatesEmulator }: NumaRequest): string {
  const counts = new Map<string, number>();
  for (const cell of cells) counts.set(cellInWords(cell), (counts.get(cellInWords(cell)) ?? 0) + 1);
  const topology = [...counts].map(([words, count]) => `${count} NUMA ${count === 1 ? "cell" : "cells"} of ${words}`);
  const pages = pageSize === null || pageSize === "any" ? "" : ` in ${pagesInWords(pageSize)}`;
  const policy = threads === null || threads === "prefer" ? "" : `, thread policy ${threads}`;
  return `${topology.join(" and ")}${pages}${policy}${isolatesEmulator ? ", a CPU for the emulator" : ""}`;
}

function cellInWords({ dedicatedCpus, sharedCpus, memoryMb }: GuestCell): string {
  const cpus = [dedicatedCpus > 0 && `${dedicatedCpus} dedicated`, sharedCpus > 0 && `${sharedCpus} shared`];
  return `${cpus.filter((part) => part).join(" and ") || "no"} CPUs and ${memoryMb} MB`;
}

function pagesInWords(pageSize: number | string): string {
  return typeof pageSize === "number" ? `pages of ${pageSize} kB` : `${pageSize} pages`;
}
