const PART = /^(\^?)(\d{1,9})(?:-(\d{1,9}))?$/;

/**
 * Reads a list of CPUs: numbers and ranges with commas between them; what has a `^` before it is left out: `0-7,^2`.
 *
 * @param count how many CPUs there are; they are numbered from 0
 * @returns undefined where it cannot be read or names a CPU that there is not
 */
export function readCpuSet(text: string, count: number): ReadonlySet<number> | undefined {
  const wanted = new Set<number>();
  const unwanted = new Set<number>();
  for (const part of text.split(",").map((each) => each.trim())) {
    if (part === "") continue;
    const [, exclusion, first, last = first] = PART.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || from > to || to >= count) return undefined;
    for (let cpu = from; cpu <= to; cpu += 1) (exclusion ? unwanted : wanted).add(cpu);
  }
  return new Set([...wanted].filter((cpu) => !unwanted.has(cpu)));
}

/** As {@link readCpuSet}; a list that begins with `^` leaves out of all. */
export function readCpuMask(text: string, count: number): ReadonlySet<number> | undefined {
  return readCpuSet(text.trim().startsWith("^") ? `0-${count - 1},${text}` : text, count);
}
