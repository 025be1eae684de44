import type { NumaCell } from "@kilonova/plugin-api";

/** A host's cell: four cores of two threads, all for guests that pin, 4 GiB, and none of it taken. */
export function numaCell(changes: Partial<NumaCell> = {}): NumaCell {
  return {
    id: 0,
    cpus: [],
    pinnedCpus: [0, 1, 2, 3, 4, 5, 6, 7],
    siblings: [
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ],
    memoryMb: 4096,
    memoryMbUsed: 0,
    cpusUsed: 0,
    cpusPinned: [],
    pages: [],
    ...changes,
  };
}

/** A host's cell whose four CPUs float, each a core of its own. */
export function floatingCell(changes: Partial<NumaCell> = {}): NumaCell {
  return numaCell({ cpus: [0, 1, 2, 3], pinnedCpus: [], siblings: [[0], [1], [2], [3]], ...changes });
}
