import type { NumaCell } from "@kilonova/plugin-api";
import { freeDedicatedCpus, packOntoCores } from "./core-packing.js";
import type { GuestCell, NumaRequest } from "./numa-request.js";
import { couldHoldInSmallPages, fittingPageSize } from "./page-size.js";

/** By how much more than there is may be given to servers that share. */
export interface Overcommit {
  readonly cpus: number;
  readonly memory: number;
}

/** Where one cell of a server goes, and what it gets there. */
export interface FittedCell {
  /** The host's cell. */
  readonly cellId: number;
  readonly pinnedCpus: readonly number[];
  readonly emulatorCpus: readonly number[];
  /** KiB; null where any pages will do. */
  readonly pageSizeKb: number | null;
}

/** Of so many sets of cells PCI devices are looked for near them. */
const MOST_TRIES = 10_000;

/**
 * Fits the cells of a server onto those of a host, each onto one of its own, so that none is given more than it has.
 *
 * @param suits whether a server may be on cells of these ids together, as its PCI devices want it
 * @returns where each goes, in the order of the request; undefined where they don't fit
 */
export function fitNuma(
  cells: readonly NumaCell[],
  request: NumaRequest,
  overcommit: Overcommit,
  suits?: (cellIds: readonly number[]) => boolean,
): readonly FittedCell[] | undefined {
  if (request.cells.length > cells.length) return undefined;
  const fits = request.cells.map((guest, index) =>
    cells.map((cell) => fitCell(cell, guest, request, overcommit, index === 0 && request.isolatesEmulator ? 1 : 0)),
  );
  const everywhere = cells.map((_cell, index) => index);
  const anyhow = assign(fits, everywhere);
  if (!anyhow || !suits) return anyhow;
  let tries = 0;
  for (const chosen of combinations(everywhere, request.cells.length)) {
    tries += 1;
    if (tries > MOST_TRIES) return undefined;
    if (!suits(chosen.flatMap((index) => cells[index]?.id ?? []))) continue;
    const assigned = assign(fits, chosen);
    if (assigned) return assigned;
  }
  return undefined;
}

/** The cells as they would be with nobody on them. */
export function emptied(cells: readonly NumaCell[]): readonly NumaCell[] {
  return cells.map((cell) => ({
    ...cell,
    memoryMbUsed: 0,
    cpusUsed: 0,
    cpusPinned: [],
    pages: cell.pages.map((pages) => ({ ...pages, used: 0 })),
  }));
}

/** What a server's cell gets on a host's; undefined where it does not fit. */
export function fitCell(
  cell: NumaCell,
  guest: GuestCell,
  { cpuPolicy, threads, pageSize }: NumaRequest,
  overcommit: Overcommit,
  emulatorCpus: number,
): FittedCell | undefined {
  const pageSizeKb = pageSize === null ? null : fittingPageSize(cell, pageSize, guest.memoryMb);
  if (pageSizeKb === undefined) return undefined;
  if (pageSizeKb === null && !couldHoldInSmallPages(cell, guest.memoryMb)) return undefined;
  // No server is overcommitted against itself.
  if (guest.memoryMb > cell.memoryMb) return undefined;
  if (cpuPolicy === "dedicated" || cpuPolicy === "mixed") {
    if (guest.memoryMb > cell.memoryMb - cell.memoryMbUsed) return undefined;
    if (guest.dedicatedCpus + emulatorCpus > freeDedicatedCpus(cell).length) return undefined;
    const packed = packOntoCores(cell, guest.dedicatedCpus, threads, emulatorCpus);
    return packed && { cellId: cell.id, pinnedCpus: packed.pinned, emulatorCpus: packed.emulator, pageSizeKb };
  }
  const hasRoom =
    guest.sharedCpus <= cell.cpus.length &&
    cell.cpusUsed + guest.sharedCpus <= cell.cpus.length * overcommit.cpus &&
    cell.memoryMbUsed + guest.memoryMb <= cell.memoryMb * overcommit.memory;
  return hasRoom ? { cellId: cell.id, pinnedCpus: [], emulatorCpus: [], pageSizeKb } : undefined;
}

/** Gives each guest cell a host cell of its own among those chosen, moving others on where that makes room. */
function assign(
  fits: readonly (readonly (FittedCell | undefined)[])[],
  chosen: readonly number[],
): readonly FittedCell[] | undefined {
  const guestOn = new Map<number, number>();
  const settle = (guest: number, seen: Set<number>): boolean => {
    const open = chosen.filter((cell) => !seen.has(cell) && fits[guest]?.[cell]);
    const vacant = open.find((cell) => !guestOn.has(cell));
    if (vacant !== undefined) {
      guestOn.set(vacant, guest);
      return true;
    }
    return open.some((cell) => {
      const occupant = guestOn.get(cell);
      seen.add(cell);
      if (occupant === undefined || !settle(occupant, seen)) return false;
      guestOn.set(cell, guest);
      return true;
    });
  };
  if (!fits.every((_fit, guest) => settle(guest, new Set()))) return undefined;
  const fitted: FittedCell[] = [];
  for (const [cell, guest] of guestOn) {
    const fit = fits[guest]?.[cell];
    if (fit) fitted[guest] = fit;
  }
  return fitted;
}

/** All ways to choose so many of the items, in their order. */
function* combinations(items: readonly number[], size: number): Generator<readonly number[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let index = 0; index <= items.length - size; index += 1) {
    for (const rest of combinations(items.slice(index + 1), size - 1)) yield [items[index] ?? 0, ...rest];
  }
}
