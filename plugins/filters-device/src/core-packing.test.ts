import { describe, expect, it } from "vitest";
import { packOntoCores, type ThreadPolicy } from "./core-packing.js";
import { numaCell } from "./testing/numa-cells.js";

const ALL = [0, 1, 2, 3, 4, 5, 6, 7];
const SINGLE = { pinnedCpus: [0, 1, 2, 3], siblings: [[0], [1], [2], [3]] };

describe("packOntoCores", () => {
  it.each<[string, Parameters<typeof numaCell>[0], number, ThreadPolicy | null, number, unknown]>([
    ["whole cores first", {}, 4, null, 0, { pinned: [0, 1, 2, 3], emulator: [] }],
    ["prefer takes whole cores", { cpusPinned: [0] }, 4, "prefer", 0, { pinned: [2, 3, 4, 5], emulator: [] }],
    [
      "prefer takes one thread of each core",
      { cpusPinned: [1, 3, 5, 7] },
      4,
      "prefer",
      0,
      { pinned: [0, 2, 4, 6], emulator: [] },
    ],
    ["prefer takes what is left", { cpusPinned: [0, 7] }, 6, "prefer", 0, { pinned: [1, 2, 3, 4, 5, 6], emulator: [] }],
    ["prefer needs enough", { cpusPinned: [0, 7] }, 7, "prefer", 0, undefined],
    ["require takes whole cores", { cpusPinned: [0] }, 4, "require", 0, { pinned: [2, 3, 4, 5], emulator: [] }],
    ["require takes no single threads", { cpusPinned: [1, 3, 5] }, 4, "require", 0, undefined],
    ["require needs threads", SINGLE, 2, "require", 0, undefined],
    ["isolate on cores of one thread", SINGLE, 2, "isolate", 0, { pinned: [0, 1], emulator: [] }],
    ["isolate where siblings would be lost", {}, 2, "isolate", 0, undefined],
    ["isolate where all CPUs are of one sort", { cpus: ALL }, 2, "isolate", 0, { pinned: [0, 2], emulator: [] }],
    ["isolate needs idle cores", { cpus: ALL, cpusPinned: [0, 2, 4] }, 2, "isolate", 0, undefined],
    [
      "isolate keeps the emulator off",
      { cpus: ALL, cpusPinned: [0, 2] },
      1,
      "isolate",
      1,
      { pinned: [4], emulator: [1] },
    ],
    ["isolate leaves none for the emulator", { cpus: ALL }, 4, "isolate", 1, undefined],
    ["a CPU for the emulator", {}, 3, null, 1, { pinned: [0, 1, 2], emulator: [3] }],
    ["no CPU left for the emulator", {}, 8, null, 1, undefined],
    [
      "the emulator next to required threads",
      { cpusPinned: [0] },
      6,
      "require",
      1,
      { pinned: [2, 3, 4, 5, 6, 7], emulator: [1] },
    ],
    ["CPUs of which no core is told", { siblings: [] }, 2, null, 0, { pinned: [0, 1], emulator: [] }],
    ["no CPUs at all", { pinnedCpus: [] }, 1, null, 0, undefined],
    ["no CPUs for none", { pinnedCpus: [] }, 0, null, 0, { pinned: [], emulator: [] }],
  ])("%s", (_case, changes, cpus, policy, emulator, expected) => {
    expect(packOntoCores(numaCell(changes), cpus, policy, emulator)).toEqual(expected);
  });
});
