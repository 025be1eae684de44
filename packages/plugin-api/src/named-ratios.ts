/** `name=ratio`, as options have what counts how much: `cpu.percent=-1.0`. Their schema is `z.string().regex(NAMED_RATIO)`. */
export const NAMED_RATIO = /^\s*([^=\s][^=]*?)\s*=\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*$/;

/** Ratios by the name of what they are of. A name that is there twice has the last. */
export function namedRatios(setting: readonly string[]): ReadonlyMap<string, number> {
  return new Map(
    setting.map((text) => {
      const [, name = text, ratio] = NAMED_RATIO.exec(text) ?? [];
      return [name, Number(ratio)];
    }),
  );
}
