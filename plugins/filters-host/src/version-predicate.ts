type Comparison = (order: number) => boolean;

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ["<", (order) => order < 0],
  ["<=", (order) => order <= 0],
  ["==", (order) => order === 0],
  ["!=", (order) => order !== 0],
  [">=", (order) => order >= 0],
  [">", (order) => order > 0],
]);

const PART = /^\s*(<=|>=|<|>|==|!=)\s*(\d{1,9}(?:\.\d{1,9}){1,2})\s*$/;

/**
 * Reads what an image asks of a hypervisor's version: comparisons with commas between them, `>=6.0, <8.2.1`.
 *
 * @returns undefined where it cannot be read
 */
export function versionPredicate(text: string): ((version: number) => boolean) | undefined {
  const parts: ((version: readonly number[]) => boolean)[] = [];
  for (const part of text.split(",")) {
    const [, operator = "", wanted = ""] = PART.exec(part) ?? [];
    const comparison = COMPARISONS.get(operator);
    if (!comparison) return undefined;
    const numbers = wanted.split(".").map(Number);
    parts.push((version) => comparison(compare(version, numbers)));
  }
  return (version) => parts.every((holds) => holds(numbersOf(version)));
}

/** 7002022 is 7.2.22. */
function numbersOf(version: number): readonly number[] {
  const numbers: number[] = [];
  for (let rest = Math.trunc(version); rest > 0; rest = Math.trunc(rest / 1000)) numbers.unshift(rest % 1000);
  return numbers;
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
