import type { NumaCell } from "@kilonova/plugin-api";

/** Memory pages: the smallest that a host has, any larger ones, the largest that will do, or those of so many KiB. */
export type PageSize = "small" | "large" | "any" | number;

const KIB_PER_MIB = 1024;
const WITH_UNIT = /^(\d*\.?\d+)([KMGT]?)i?(b|bit|B)$/;
const POWERS = ["", "K", "M", "G", "T"];

/** Reads `hw:mem_page_size`: a word, KiB, or a number with a unit, `2MB`. Undefined where it cannot be read. */
export function readPageSize(text: string): PageSize | undefined {
  if (text === "small" || text === "large" || text === "any") return text;
  if (/^\d{1,12}$/.test(text)) return Number(text) || undefined;
  const [, number, prefix = "", unit] = WITH_UNIT.exec(text) ?? [];
  if (number === undefined) return undefined;
  const bytes = Math.ceil((Number(number) * 1024 ** POWERS.indexOf(prefix)) / (unit === "B" ? 1 : 8));
  return bytes / 1024 || undefined;
}

/**
 * The page size that a cell gives so much memory in.
 *
 * @returns undefined where it has no such pages, too few free, or the memory is no whole number of them
 */
export function fittingPageSize({ pages }: NumaCell, asked: PageSize, memoryMb: number): number | undefined {
  const largestFirst = pages.toSorted((one, other) => other.sizeKb - one.sizeKb);
  const candidates = largestFirst.filter(({ sizeKb }, index) => {
    const isSmallest = index === largestFirst.length - 1;
    if (asked === "any") return true;
    if (asked === "small") return isSmallest;
    return asked === "large" ? !isSmallest : sizeKb === asked;
  });
  const memoryKb = memoryMb * KIB_PER_MIB;
  const found = candidates.find(({ sizeKb, total, used }) => {
    return memoryKb % sizeKb === 0 && memoryKb <= (total - used) * sizeKb;
  });
  return found?.sizeKb;
}

/** True where a cell could give so much memory in its smallest pages, were none of them taken: those may be overcommitted. */
export function couldHoldInSmallPages({ pages }: NumaCell, memoryMb: number): boolean {
  const smallest = pages.toSorted((one, other) => one.sizeKb - other.sizeKb)[0];
  if (!smallest) return true;
  const memoryKb = memoryMb * KIB_PER_MIB;
  return memoryKb % smallest.sizeKb === 0 && memoryKb <= smallest.total * smallest.sizeKb;
}
