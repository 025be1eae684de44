const began = performance.now();

/** One line on standard error, with the seconds since the start: standard output belongs to the results. */
export function report(line: string): void {
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  console.error(`[${seconds.padStart(6)} s] ${line}`);
}
