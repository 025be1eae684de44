import { sampleRequest } from "@kilonova/plugin-testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numaRequest } from "./numa-request.js";

type Texts = Readonly<Record<string, string>>;

function read(extraSpecs: Texts, properties: Texts = {}, vcpus = 8, memoryMb = 2048) {
  const image = { id: "image", minDisk: 0, minRam: 0, properties };
  return numaRequest(sampleRequest({ flavor: { vcpus, memoryMb, extraSpecs }, image }));
}

const shared = (sharedCpus: number, memoryMb: number) => ({ dedicatedCpus: 0, sharedCpus, memoryMb });
const dedicated = (dedicatedCpus: number, memoryMb: number) => ({ dedicatedCpus, sharedCpus: 0, memoryMb });
const both = (dedicatedCpus: number, sharedCpus: number, memoryMb: number) => ({ dedicatedCpus, sharedCpus, memoryMb });

describe("numaRequest", () => {
  it.each<[Texts, Texts]>([
    [{}, {}],
    [{ "hw:cpu_policy": "shared" }, {}],
    [{}, { hw_cpu_policy: "shared" }],
    [{ "hw:emulator_threads_policy": "share" }, {}],
    [{ "resources:VCPU": "8" }, {}],
    [{ "hw:cpu_realtime": "no" }, {}],
    [{ "trait:CUSTOM_X": "required", "hw:watchdog_action": "none" }, { hw_architecture: "x86_64" }],
  ])("asks for no topology: %j, %j", (extraSpecs, properties) => {
    expect(read(extraSpecs, properties)).toBeUndefined();
  });

  it.each<[Texts, Texts, object]>([
    [{ "hw:numa_nodes": "1" }, {}, { cells: [shared(8, 2048)], cpuPolicy: null, pageSize: null }],
    [{ "hw:numa_nodes": "2" }, {}, { cells: [shared(4, 1024), shared(4, 1024)] }],
    [{}, { hw_numa_nodes: "2" }, { cells: [shared(4, 1024), shared(4, 1024)] }],
    [
      {
        "hw:numa_nodes": "2",
        "hw:numa_cpus.0": "0-1",
        "hw:numa_cpus.1": "2-7",
        "hw:numa_mem.0": "512",
        "hw:numa_mem.1": "1536",
      },
      {},
      { cells: [shared(2, 512), shared(6, 1536)] },
    ],
    [
      { "hw:numa_nodes": "2" },
      { "hw_numa_cpus.0": "0-3", "hw_numa_cpus.1": "4-7", "hw_numa_mem.0": "512", "hw_numa_mem.1": "1536" },
      { cells: [shared(4, 512), shared(4, 1536)] },
    ],
    [{ "hw:cpu_policy": "dedicated" }, {}, { cells: [dedicated(8, 2048)], cpuPolicy: "dedicated", threads: null }],
    [{}, { hw_cpu_policy: "dedicated" }, { cells: [dedicated(8, 2048)], cpuPolicy: "dedicated" }],
    [{ "hw:cpu_policy": "dedicated" }, { hw_cpu_policy: "shared" }, { cpuPolicy: "dedicated" }],
    [{ "resources:PCPU": "8" }, {}, { cells: [dedicated(8, 2048)], cpuPolicy: "dedicated" }],
    [{ "resources1:PCPU": "9", "hw:emulator_threads_policy": "isolate" }, {}, { isolatesEmulator: true }],
    [{ "hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "require" }, {}, { threads: "require" }],
    [{ "hw:cpu_policy": "dedicated" }, { hw_cpu_thread_policy: "isolate" }, { threads: "isolate" }],
    [
      { "hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "prefer" },
      { hw_cpu_thread_policy: "isolate" },
      { threads: "prefer" },
    ],
    [{ "hw:cpu_policy": "dedicated", "trait:HW_CPU_HYPERTHREADING": "forbidden" }, {}, { threads: "isolate" }],
    [{ "hw:cpu_policy": "dedicated", "trait:HW_CPU_HYPERTHREADING": "required" }, {}, { threads: "require" }],
    [{ "hw:cpu_policy": "dedicated" }, { "trait:HW_CPU_HYPERTHREADING": "required" }, { threads: "require" }],
    [{ "hw:cpu_policy": "dedicated", "hw:emulator_threads_policy": "isolate" }, {}, { isolatesEmulator: true }],
    [{ "hw:cpu_policy": "dedicated", "hw:emulator_threads_policy": "share" }, {}, { isolatesEmulator: false }],
    [
      { "hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "0-2" },
      {},
      { cells: [both(3, 5, 2048)], cpuPolicy: "mixed" },
    ],
    [{ "hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "^0-2" }, {}, { cells: [both(5, 3, 2048)] }],
    [
      { "hw:cpu_policy": "mixed", "hw:cpu_realtime": "true", "hw:cpu_realtime_mask": "^0" },
      {},
      { cells: [both(7, 1, 2048)] },
    ],
    [
      { "hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "0-4", "hw:numa_nodes": "2" },
      {},
      { cells: [both(4, 0, 1024), both(1, 3, 1024)] },
    ],
    [{ "hw:mem_page_size": "large" }, {}, { cells: [shared(8, 2048)], pageSize: "large" }],
    [{ "hw:mem_page_size": "2MB" }, {}, { pageSize: 2048 }],
    [{ "hw:mem_page_size": "any" }, { hw_mem_page_size: "1GB" }, { pageSize: 1_048_576 }],
    [{ "hw:mem_page_size": "large" }, { hw_mem_page_size: "2048" }, { pageSize: 2048 }],
    [{ "hw:pmem": "6GB" }, {}, { cells: [shared(8, 2048)] }],
  ])("reads %j, %j", (extraSpecs, properties, expected) => {
    expect(read(extraSpecs, properties)).toMatchObject({ ok: true, request: expected });
  });

  it.each<[Texts, Texts, string]>([
    [{ "hw:numa_nodes": "0" }, {}, "hw:numa_nodes is no number from 1 to 128"],
    [{ "hw:numa_nodes": "two" }, {}, "hw:numa_nodes is no number from 1 to 128"],
    [{ "hw:numa_nodes": "129" }, {}, "hw:numa_nodes is no number from 1 to 128"],
    [{ "hw:numa_nodes": "3" }, {}, "8 CPUs and 2048 MB cannot be shared out among 3 NUMA cells evenly"],
    [{ "hw:numa_nodes": "2" }, { hw_numa_nodes: "2" }, "flavor and image both say how many NUMA cells there are"],
    [
      { "hw:numa_nodes": "2", "hw:numa_cpus.0": "0-7" },
      {},
      "hw:numa_cpus and hw:numa_mem have to be given for each of 2 NUMA cells",
    ],
    [
      { "hw:numa_nodes": "1", "hw:numa_cpus.0": "0-6", "hw:numa_mem.0": "2048" },
      {},
      "hw:numa_cpus does not name each CPU from 0 to 7 once",
    ],
    [
      { "hw:numa_nodes": "1", "hw:numa_cpus.0": "0-8", "hw:numa_mem.0": "2048" },
      {},
      "hw:numa_cpus does not name each CPU from 0 to 7 once",
    ],
    [
      { "hw:numa_nodes": "1", "hw:numa_cpus.0": "x", "hw:numa_mem.0": "2048" },
      {},
      "hw:numa_cpus does not name each CPU from 0 to 7 once",
    ],
    [
      {
        "hw:numa_nodes": "2",
        "hw:numa_cpus.0": "0-4",
        "hw:numa_cpus.1": "4-7",
        "hw:numa_mem.0": "1",
        "hw:numa_mem.1": "2047",
      },
      {},
      "hw:numa_cpus does not name each CPU from 0 to 7 once",
    ],
    [
      { "hw:numa_nodes": "1", "hw:numa_cpus.0": "0-7", "hw:numa_mem.0": "2047" },
      {},
      "hw:numa_mem does not add up to 2048 MB",
    ],
    [
      { "hw:numa_nodes": "1", "hw:numa_cpus.0": "0-7", "hw:numa_mem.0": "x" },
      {},
      "hw:numa_mem does not add up to 2048 MB",
    ],
    [
      { "hw:numa_nodes": "1", "hw:numa_cpus.0": "0-7", "hw:numa_mem.0": "2048" },
      { "hw_numa_cpus.0": "0-7" },
      "flavor and image both have hw_numa_cpus",
    ],
    [{ "hw:cpu_policy": "own" }, {}, "hw:cpu_policy is none of shared, dedicated, mixed"],
    [{}, { hw_cpu_policy: "own" }, "hw_cpu_policy is none of shared, dedicated, mixed"],
    [
      { "hw:cpu_policy": "shared" },
      { hw_cpu_policy: "dedicated" },
      "the flavor's hw:cpu_policy=shared does not allow the image's dedicated",
    ],
    [
      { "hw:cpu_policy": "mixed" },
      { hw_cpu_policy: "dedicated" },
      "the flavor's hw:cpu_policy=mixed does not allow the image's dedicated",
    ],
    [
      { "hw:cpu_policy": "dedicated", "resources:VCPU": "8" },
      {},
      "hw:cpu_policy does not go together with resources:VCPU and resources:PCPU",
    ],
    [{ "resources:VCPU": "4", "resources:PCPU": "8" }, {}, "resources:VCPU and resources:PCPU do not go together"],
    [{ "resources:PCPU": "4" }, {}, "resources:PCPU has to be 8"],
    [
      { "hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "most" },
      {},
      "hw:cpu_thread_policy is none of prefer, isolate, require",
    ],
    [{ "hw:cpu_thread_policy": "require" }, {}, "hw:cpu_thread_policy needs hw:cpu_policy=dedicated"],
    [
      { "hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "require" },
      { hw_cpu_thread_policy: "isolate" },
      "the flavor's hw:cpu_thread_policy=require does not allow the image's isolate",
    ],
    [
      { "hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "require", "trait:HW_CPU_HYPERTHREADING": "required" },
      {},
      "hw:cpu_thread_policy and trait:HW_CPU_HYPERTHREADING do not go together",
    ],
    [
      { "hw:emulator_threads_policy": "isolate" },
      {},
      "hw:emulator_threads_policy=isolate needs hw:cpu_policy=dedicated",
    ],
    [{ "hw:emulator_threads_policy": "none" }, {}, "hw:emulator_threads_policy is none of isolate, share"],
    [{ "hw:cpu_dedicated_mask": "0-1" }, {}, "hw:cpu_dedicated_mask needs hw:cpu_policy=mixed"],
    [
      { "hw:cpu_policy": "mixed" },
      {},
      "hw:cpu_policy=mixed needs either hw:cpu_dedicated_mask or hw:cpu_realtime_mask",
    ],
    [
      { "hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "0-7" },
      {},
      "hw:cpu_dedicated_mask is no list of some of the CPUs from 0 to 7",
    ],
    [
      { "hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "9" },
      {},
      "hw:cpu_dedicated_mask is no list of some of the CPUs from 0 to 7",
    ],
    [
      { "hw:cpu_realtime": "1", "hw:cpu_realtime_mask": "^0" },
      {},
      "hw:cpu_realtime needs hw:cpu_policy=dedicated or mixed",
    ],
    [
      { "hw:cpu_policy": "dedicated", "hw:cpu_realtime": "1" },
      {},
      "hw:cpu_realtime_mask is no list of some of the CPUs from 0 to 7",
    ],
    [{}, { hw_mem_page_size: "large" }, "hw_mem_page_size is not allowed by the flavor"],
    [{ "hw:mem_page_size": "small" }, { hw_mem_page_size: "large" }, "hw_mem_page_size is not allowed by the flavor"],
    [{ "hw:mem_page_size": "huge" }, {}, "hw:mem_page_size is none of small, large, any, and no size"],
  ])("refuses %j, %j", (extraSpecs, properties, problem) => {
    expect(read(extraSpecs, properties)).toEqual({ ok: false, problem });
  });

  it("refuses what is too large to be looked at", () => {
    expect(read({ "hw:numa_nodes": "1" }, {}, 1_000_000)).toEqual({
      ok: false,
      problem: "there are more than 65536 CPUs",
    });
    expect(read({}, {}, 1_000_000)).toBeUndefined();
  });

  it("gives out each CPU and all memory, whatever is asked for", () => {
    const key = fc.constantFrom(
      ...["hw:numa_nodes", "hw:numa_cpus.0", "hw:numa_cpus.1", "hw:numa_mem.0", "hw:numa_mem.1", "hw:cpu_policy"],
      ...["hw:cpu_thread_policy", "hw:cpu_dedicated_mask", "hw:mem_page_size", "hw:emulator_threads_policy"],
    );
    const value = fc.oneof(
      fc.constantFrom(
        "1",
        "2",
        "0-3",
        "4-7",
        "0-7",
        "^0",
        "1024",
        "2048",
        "dedicated",
        "mixed",
        "require",
        "large",
        "isolate",
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.dictionary(key, value), (extraSpecs) => {
        const outcome = read(extraSpecs);
        if (!outcome?.ok) return;
        const { cells } = outcome.request;
        const total = (of: (cell: (typeof cells)[number]) => number) => cells.reduce((sum, cell) => sum + of(cell), 0);
        expect(total((cell) => cell.dedicatedCpus + cell.sharedCpus)).toBe(8);
        expect(total((cell) => cell.memoryMb)).toBe(2048);
      }),
    );
  });
});
