import type { SchedulingRequest } from "@kilonova/plugin-api";
import type { ThreadPolicy } from "./core-packing.js";
import { type CpuPolicy, type CpuWishes, cpuWishes } from "./cpu-policy.js";
import { readCpuSet } from "./cpu-set.js";
import { HardwareWishes } from "./hardware-wishes.js";
import { type PageSize, readPageSize } from "./page-size.js";

/** What one NUMA cell of a server takes of one cell of the host. */
export interface GuestCell {
  readonly dedicatedCpus: number;
  readonly sharedCpus: number;
  readonly memoryMb: number;
}

/** The NUMA topology of a server, as flavor and image ask for it. */
export interface NumaRequest {
  readonly cells: readonly GuestCell[];
  readonly cpuPolicy: CpuPolicy | null;
  readonly threads: ThreadPolicy | null;
  /** Null where any pages will do. */
  readonly pageSize: PageSize | null;
  readonly isolatesEmulator: boolean;
}

export type NumaOutcome =
  | { readonly ok: true; readonly request: NumaRequest }
  /** Why there can be no such topology, as a clause: `hw:numa_nodes is no number from 1 to 128`. */
  | { readonly ok: false; readonly problem: string };

const MOST_CELLS = 128;
/** CPUs are looked at one by one. */
const MOST_CPUS = 65_536;

/** The topology that is asked for: by a number of cells, by dedicated CPUs or by page sizes. Undefined: none is. */
export function numaRequest(request: SchedulingRequest): NumaOutcome | undefined {
  const wishes = new HardwareWishes(request);
  const { memoryMb } = request.flavor;
  const vcpus = Math.min(request.flavor.vcpus, MOST_CPUS);
  const cpus = cpuWishes(wishes, vcpus);
  const nodes = cellCount(wishes);
  const pageSize = pageSizeOf(wishes);
  const isPinned = cpus.policy === "dedicated" || cpus.policy === "mixed";
  const isAsked = nodes !== undefined || pageSize !== null || isPinned || wishes.flavor("pmem") !== undefined;
  if (wishes.problem !== undefined) return { ok: false, problem: wishes.problem };
  if (!isAsked) return undefined;
  if (request.flavor.vcpus > MOST_CPUS) return { ok: false, problem: `there are more than ${MOST_CPUS} CPUs` };
  const cells = cellsOf(wishes, cpus, nodes ?? 1, vcpus, memoryMb);
  if (wishes.problem !== undefined) return { ok: false, problem: wishes.problem };
  const { policy: cpuPolicy, threads, isolatesEmulator } = cpus;
  return { ok: true, request: { cells, cpuPolicy, threads, pageSize, isolatesEmulator } };
}

function cellCount(wishes: HardwareWishes): number | undefined {
  const [flavor, image] = [wishes.flavor("numa_nodes"), wishes.image("numa_nodes")];
  if (flavor !== undefined && image !== undefined)
    wishes.complain("flavor and image both say how many NUMA cells there are");
  const text = flavor ?? image;
  if (text === undefined) return undefined;
  const count = /^\d{1,4}$/.test(text.trim()) ? Number(text) : 0;
  if (count < 1 || count > MOST_CELLS) wishes.complain(`hw:numa_nodes is no number from 1 to ${MOST_CELLS}`);
  return count;
}

function pageSizeOf(wishes: HardwareWishes): PageSize | null {
  const [flavor, image] = [wishes.flavor("mem_page_size"), wishes.image("mem_page_size")];
  if (flavor === undefined && image !== undefined) wishes.complain("hw_mem_page_size is not allowed by the flavor");
  if (flavor === undefined) return null;
  const size = readPageSize(flavor);
  if (image !== undefined && size !== "any" && size !== "large") {
    wishes.complain("hw_mem_page_size is not allowed by the flavor");
  }
  const chosen = image === undefined ? size : readPageSize(image);
  if (chosen === undefined) wishes.complain("hw:mem_page_size is none of small, large, any, and no size");
  return chosen ?? null;
}

function cellsOf(
  wishes: HardwareWishes,
  { isDedicated }: CpuWishes,
  nodes: number,
  vcpus: number,
  memoryMb: number,
): readonly GuestCell[] {
  const cell = (cpus: readonly number[], memory: number): GuestCell => {
    const dedicatedCpus = cpus.filter(isDedicated).length;
    return { dedicatedCpus, sharedCpus: cpus.length - dedicatedCpus, memoryMb: memory };
  };
  const cpuTexts = perCell(wishes, "numa_cpus");
  const memoryTexts = perCell(wishes, "numa_mem");
  if (!cpuTexts && !memoryTexts) {
    if (vcpus % nodes !== 0 || memoryMb % nodes !== 0) {
      wishes.complain(`${vcpus} CPUs and ${memoryMb} MB cannot be shared out among ${nodes} NUMA cells evenly`);
      return [];
    }
    const share = vcpus / nodes;
    return Array.from({ length: nodes }, (_cell, node) =>
      cell(
        Array.from({ length: share }, (_cpu, index) => node * share + index),
        memoryMb / nodes,
      ),
    );
  }
  if (cpuTexts?.length !== nodes || memoryTexts?.length !== nodes) {
    wishes.complain(`hw:numa_cpus and hw:numa_mem have to be given for each of ${nodes} NUMA cells`);
    return [];
  }
  const cpus = cpuTexts.map((text) => [...(readCpuSet(text, vcpus) ?? [Number.NaN])]);
  const memory = memoryTexts.map((text) => (/^\d{1,12}$/.test(text.trim()) ? Number(text) : Number.NaN));
  const all = cpus.flat();
  if (all.length !== vcpus || new Set(all).size !== vcpus || all.includes(Number.NaN)) {
    wishes.complain(`hw:numa_cpus does not name each CPU from 0 to ${vcpus - 1} once`);
  }
  if (memory.reduce((sum, each) => sum + each, 0) !== memoryMb) {
    wishes.complain(`hw:numa_mem does not add up to ${memoryMb} MB`);
  }
  return cpus.map((each, index) => cell(each, memory[index] ?? 0));
}

/** `hw:x.0`, `hw:x.1` and so on, of the flavor or of the image. */
function perCell(wishes: HardwareWishes, name: string): readonly string[] | undefined {
  const [flavor, image] = [texts(wishes.specs, `hw:${name}`), texts(wishes.properties, `hw_${name}`)];
  if (flavor && image) wishes.complain(`flavor and image both have hw_${name}`);
  return flavor ?? image;
}

function texts(source: Readonly<Record<string, string>>, name: string): readonly string[] | undefined {
  const found: string[] = [];
  for (let index = 0; index < MOST_CELLS; index += 1) {
    const text = source[`${name}.${index}`];
    if (text === undefined) break;
    found.push(text);
  }
  return found.length > 0 ? found : undefined;
}
