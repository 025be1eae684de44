import type { NumaCell } from "@kilonova/plugin-api";

/** What becomes of the threads of one core: together if it can be, one alone with the others idle, together or not at all. */
export const THREAD_POLICIES = ["prefer", "isolate", "require"] as const;

export type ThreadPolicy = (typeof THREAD_POLICIES)[number];

/** Host CPUs that a guest gets for itself: one for each of its CPUs, and those for what its emulator does besides. */
export interface PackedCpus {
  readonly pinned: readonly number[];
  readonly emulator: readonly number[];
}

type Core = readonly number[];

/** True where a core has more than one thread. */
export function hasThreads({ siblings }: NumaCell): boolean {
  return siblings.some((core) => core.length > 1);
}

/** The dedicated CPUs of a cell that nobody has. */
export function freeDedicatedCpus({ pinnedCpus, cpusPinned }: NumaCell): readonly number[] {
  const taken = new Set(cpusPinned);
  return pinnedCpus.filter((cpu) => !taken.has(cpu));
}

/**
 * Packs guest CPUs onto the free dedicated CPUs of a cell as the thread policy wants it.
 *
 * @returns undefined where they don't go there
 */
export function packOntoCores(
  cell: NumaCell,
  cpus: number,
  policy: ThreadPolicy | null,
  emulatorCpus: number,
): PackedCpus | undefined {
  const cores = freeCores(cell);
  const threads = Math.max(1, ...cell.siblings.map((core) => core.length));
  const isolates = policy === "isolate";
  // Idle siblings would be lost to others without placement's knowing: only a cell whose CPUs are all of one sort allows it.
  if (isolates && threads > 1 && !isSameSet(cell.cpus, cell.pinnedCpus)) return undefined;
  if (policy === "require" && threads === 1) return undefined;
  for (const taken of isolates ? [1] : descending(threads, policy === "require" ? 2 : 1)) {
    const usable = cores.filter((core) => core.length >= (isolates ? threads : taken));
    const packed = take(
      cores,
      usable.map((core) => core.slice(0, taken)),
      cpus,
      emulatorCpus,
      isolates,
    );
    if (packed) return packed;
  }
  return policy === null || policy === "prefer" ? take(cores, cores, cpus, emulatorCpus, false) : undefined;
}

/** The first CPUs of those for the guest, and of all others that are free for its emulator. */
function take(
  cores: readonly Core[],
  usable: readonly Core[],
  cpus: number,
  emulatorCpus: number,
  isolates: boolean,
): PackedCpus | undefined {
  const pinned = usable.flat().slice(0, cpus);
  if (pinned.length < cpus) return undefined;
  const taken = new Set(pinned);
  const left = isolates ? cores.filter((core) => !core.some((cpu) => taken.has(cpu))) : cores;
  const emulator = left
    .flat()
    .filter((cpu) => !taken.has(cpu))
    .slice(0, emulatorCpus);
  return emulator.length < emulatorCpus ? undefined : { pinned, emulator };
}

/** The free threads of each core that has some; a CPU of which no core is told is one by itself. */
function freeCores(cell: NumaCell): readonly Core[] {
  const free = new Set(freeDedicatedCpus(cell));
  const cores: Core[] = [];
  for (const siblings of cell.siblings) {
    const core = siblings.filter((cpu) => free.delete(cpu));
    if (core.length > 0) cores.push(core);
  }
  return [...cores, ...[...free].map((cpu) => [cpu])];
}

function descending(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, from - to + 1) }, (_value, index) => from - index);
}

function isSameSet(one: readonly number[], other: readonly number[]): boolean {
  const members = new Set(one);
  return members.size === new Set(other).size && other.every((cpu) => members.has(cpu));
}
