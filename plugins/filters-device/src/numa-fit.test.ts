import type { NumaCell } from "@kilonova/plugin-api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { THREAD_POLICIES } from "./core-packing.js";
import { emptied, fitCell, fitNuma } from "./numa-fit.js";
import type { NumaRequest } from "./numa-request.js";
import { floatingCell, numaCell } from "./testing/numa-cells.js";

const EVEN = { cpus: 1, memory: 1 };

function request(changes: Partial<NumaRequest>): NumaRequest {
  return { cells: [], cpuPolicy: null, threads: null, pageSize: null, isolatesEmulator: false, ...changes };
}

const dedicated = (...sizes: [cpus: number, memoryMb: number][]) =>
  request({
    cpuPolicy: "dedicated",
    cells: sizes.map(([dedicatedCpus, memoryMb]) => ({ dedicatedCpus, sharedCpus: 0, memoryMb })),
  });

const shared = (...sizes: [cpus: number, memoryMb: number][]) =>
  request({ cells: sizes.map(([sharedCpus, memoryMb]) => ({ dedicatedCpus: 0, sharedCpus, memoryMb })) });

const on = (cells: readonly NumaCell[], asked: NumaRequest, overcommit = EVEN) =>
  fitNuma(cells, asked, overcommit)?.map(({ cellId }) => cellId);

describe("fitNuma", () => {
  it("gives each guest cell a host cell of its own", () => {
    expect(on([numaCell()], dedicated([2, 512], [2, 512]))).toBeUndefined();
    expect(on([numaCell(), numaCell({ id: 1 })], dedicated([2, 512], [2, 512]))).toEqual([0, 1]);
  });

  it("moves others on where that makes room", () => {
    const small = numaCell({ id: 1, memoryMb: 512 });
    expect(on([numaCell(), small], dedicated([2, 512], [2, 4096]))).toEqual([1, 0]);
  });

  it("takes dedicated CPUs from those that nobody has, and memory without overcommit", () => {
    expect(on([numaCell({ cpusPinned: [0, 1, 2, 3, 4] })], dedicated([4, 512]))).toBeUndefined();
    expect(on([numaCell({ memoryMbUsed: 4000 })], dedicated([1, 97]), { cpus: 9, memory: 9 })).toBeUndefined();
    expect(on([numaCell({ memoryMbUsed: 4000 })], dedicated([1, 96]))).toEqual([0]);
  });

  it("overcommits CPUs and memory that are shared, but no server against itself", () => {
    const busy = floatingCell({ cpusUsed: 4, memoryMbUsed: 4096 });
    expect(on([busy], shared([4, 4096]))).toBeUndefined();
    expect(on([busy], shared([4, 4096]), { cpus: 2, memory: 2 })).toEqual([0]);
    expect(on([busy], shared([4, 4096]), { cpus: 2, memory: 1.5 })).toBeUndefined();
    expect(on([busy], shared([4, 4096]), { cpus: 1.5, memory: 2 })).toBeUndefined();
    expect(on([floatingCell()], shared([5, 512]), { cpus: 16, memory: 1 })).toBeUndefined();
    expect(on([floatingCell()], shared([1, 4097]), { cpus: 1, memory: 16 })).toBeUndefined();
  });

  it("takes pages of the size that is asked for", () => {
    const pages = [
      { sizeKb: 4, total: 1_048_576, used: 0 },
      { sizeKb: 2048, total: 512, used: 500 },
    ];
    const asked = { ...shared([1, 512]), pageSize: 2048 };
    expect(on([floatingCell({ pages })], asked)).toBeUndefined();
    expect(on(emptied([floatingCell({ pages })]), asked)).toEqual([0]);
  });

  it("keeps a CPU for the emulator on the first cell alone", () => {
    const asked = { ...dedicated([4, 512], [4, 512]), isolatesEmulator: true };
    const four = {
      pinnedCpus: [0, 1, 2, 3],
      siblings: [
        [0, 1],
        [2, 3],
      ],
    };
    expect(on([numaCell(four), numaCell({ id: 1 })], asked)).toEqual([1, 0]);
    expect(on([numaCell(four), numaCell({ ...four, id: 1 })], asked)).toBeUndefined();
  });

  it("takes only cells that suit together", () => {
    const cells = [0, 1, 2, 3].map((id) => numaCell({ id }));
    const fit = fitNuma(cells, dedicated([2, 512], [2, 512]), EVEN, (ids) => ids.includes(3) && !ids.includes(0));
    expect(fit?.map(({ cellId }) => cellId)).toEqual([1, 3]);
    expect(fitNuma(cells, dedicated([2, 512]), EVEN, () => false)).toBeUndefined();
  });

  it("gives up after so many tries", () => {
    const cells = Array.from({ length: 40 }, (_cell, id) => numaCell({ id }));
    let tries = 0;
    const asked = dedicated(...Array.from({ length: 20 }, (): [number, number] => [1, 1]));
    fitNuma(cells, asked, EVEN, () => {
      tries += 1;
      return false;
    });
    expect(tries).toBe(10_000);
  });
});

const cell = fc
  .record({
    cores: fc.integer({ min: 0, max: 4 }),
    threads: fc.constantFrom(1, 2, 4),
    floating: fc.integer({ min: 0, max: 4 }),
    taken: fc.array(fc.nat({ max: 15 }), { maxLength: 8 }),
    cpusUsed: fc.integer({ min: 0, max: 6 }),
    memoryMb: fc.integer({ min: 0, max: 8 }).map((blocks) => blocks * 512),
    memoryUsed: fc.integer({ min: 0, max: 4096 }),
    pages: fc.constantFrom<NumaCell["pages"]>(
      [],
      [{ sizeKb: 4, total: 1_048_576, used: 700_000 }],
      [
        { sizeKb: 4, total: 524_288, used: 0 },
        { sizeKb: 2048, total: 1024, used: 600 },
      ],
    ),
  })
  .map(({ cores, threads, floating, taken, cpusUsed, memoryMb, memoryUsed, pages }) => {
    const siblings = Array.from({ length: cores }, (_core, core) =>
      Array.from({ length: threads }, (_thread, thread) => core * threads + thread),
    );
    const pinnedCpus = siblings.flat();
    const cpus = Array.from({ length: floating }, (_cpu, index) => 100 + index);
    const cpusPinned = [...new Set(taken)].filter((cpu) => cpu < pinnedCpus.length);
    const memoryMbUsed = Math.min(memoryUsed, memoryMb);
    return numaCell({ cpus, siblings, pinnedCpus, cpusPinned, cpusUsed, memoryMb, memoryMbUsed, pages });
  });

const cells = fc.array(cell, { maxLength: 4 }).map((list) => list.map((each, id) => ({ ...each, id })));

const asked: fc.Arbitrary<NumaRequest> = fc
  .record({
    policy: fc.constantFrom<NumaRequest["cpuPolicy"]>(null, "shared", "dedicated", "mixed"),
    threads: fc.constantFrom(null, ...THREAD_POLICIES),
    pageSize: fc.constantFrom<NumaRequest["pageSize"]>(null, null, "small", "large", "any", 2048),
    isolates: fc.boolean(),
    sizes: fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat({ max: 3 }), fc.integer({ min: 1, max: 3 })), {
      minLength: 1,
      maxLength: 3,
    }),
  })
  .map(({ policy, threads, pageSize, isolates, sizes }) => {
    const pins = policy === "dedicated" || policy === "mixed";
    return {
      cpuPolicy: policy,
      threads: pins ? threads : null,
      pageSize,
      isolatesEmulator: pins && isolates,
      cells: sizes.map(([cpus, more, blocks]) => ({
        dedicatedCpus: pins ? cpus : 0,
        sharedCpus: pins ? (policy === "mixed" ? more : 0) : cpus,
        memoryMb: blocks * 512,
      })),
    };
  });

const overcommit = fc.record({ cpus: fc.constantFrom(1, 1.5, 4), memory: fc.constantFrom(1, 1.5) });

describe("whatever the host and the request", () => {
  it("no cell is given more than it has", () => {
    fc.assert(
      fc.property(cells, asked, overcommit, (host, guest, ratios) => {
        const fit = fitNuma(host, guest, ratios);
        if (!fit) return;
        expect(fit.length).toBe(guest.cells.length);
        expect(new Set(fit.map(({ cellId }) => cellId)).size).toBe(fit.length);
        fit.forEach(({ cellId, pinnedCpus, emulatorCpus, pageSizeKb }, index) => {
          const { dedicatedCpus = 0, sharedCpus = 0, memoryMb = 0 } = guest.cells[index] ?? {};
          const on = host[cellId] ?? numaCell();
          const taken = [...pinnedCpus, ...emulatorCpus];
          expect(pinnedCpus.length).toBe(dedicatedCpus);
          expect(emulatorCpus.length).toBe(guest.isolatesEmulator && index === 0 ? 1 : 0);
          expect(new Set(taken).size).toBe(taken.length);
          expect(taken.every((cpu) => on.pinnedCpus.includes(cpu) && !on.cpusPinned.includes(cpu))).toBe(true);
          if (dedicatedCpus === 0) {
            expect(on.cpusUsed + sharedCpus).toBeLessThanOrEqual(on.cpus.length * ratios.cpus);
            expect(on.memoryMbUsed + memoryMb).toBeLessThanOrEqual(on.memoryMb * ratios.memory);
          } else {
            expect(on.memoryMbUsed + memoryMb).toBeLessThanOrEqual(on.memoryMb);
          }
          if (pageSizeKb !== null) {
            const pages = on.pages.find(({ sizeKb }) => sizeKb === pageSizeKb);
            expect(memoryMb * 1024).toBeLessThanOrEqual(((pages?.total ?? 0) - (pages?.used ?? 0)) * pageSizeKb);
          }
        });
      }),
      { numRuns: 500 },
    );
  });

  it("threads are kept as the policy wants them", () => {
    fc.assert(
      fc.property(cells, asked, overcommit, (host, guest, ratios) => {
        for (const { cellId, pinnedCpus } of fitNuma(host, guest, ratios) ?? []) {
          const cores = (host[cellId] ?? numaCell()).siblings;
          const perCore = cores.map((core) => core.filter((cpu) => pinnedCpus.includes(cpu)).length);
          if (guest.threads === "isolate") expect(Math.max(...perCore)).toBe(1);
          if (guest.threads === "require" && pinnedCpus.length > 1) expect(Math.max(...perCore)).toBeGreaterThan(1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("it fits wherever some order of the host's cells has room", () => {
    fc.assert(
      fc.property(cells, asked, overcommit, (host, guest, ratios) => {
        const fitsFrom = (index: number, left: readonly NumaCell[]): boolean => {
          const part = guest.cells[index];
          if (!part) return true;
          const emulator = index === 0 && guest.isolatesEmulator ? 1 : 0;
          return left.some(
            (each) =>
              fitCell(each, part, guest, ratios, emulator) !== undefined &&
              fitsFrom(
                index + 1,
                left.filter((other) => other !== each),
              ),
          );
        };
        expect(fitNuma(host, guest, ratios) !== undefined).toBe(fitsFrom(0, host));
      }),
      { numRuns: 500 },
    );
  });
});
