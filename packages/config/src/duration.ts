import { z } from "zod";

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const TITLE = "duration (250ms, 10s, 5m, 2h, 1d, or seconds)";
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** A length of time as people write it: `250ms`, `10s`, `5m`, `2h`, `1d`. */
export type Duration = `${number}${keyof typeof UNITS}`;

/**
 * Milliseconds of a duration; a bare number means seconds, as in OpenStack's options.
 *
 * @throws TypeError when the text is no duration.
 */
export function milliseconds(duration: Duration | number): number {
  if (typeof duration === "number") return Math.round(duration * 1_000);
  const match = DURATION.exec(duration);
  const [, amount, unit] = match ?? [];
  if (amount === undefined || !isUnit(unit)) {
    throw new TypeError(`"${duration}" is no duration; write 250ms, 10s, 5m, 2h or 1d`);
  }
  return Math.round(Number(amount) * UNITS[unit]);
}

/**
 * The schema of an option that is a length of time. Accepts `"10s"` or a number of seconds; its value is milliseconds.
 * Never for wire schemas, which may not transform.
 */
export function duration(preset: Duration) {
  // The template gives the type; it alone would let "-5s" and "1e3s" through to the transform, which would throw.
  const text = z.templateLiteral([z.number(), z.enum(["ms", "s", "m", "h", "d"])]).check(z.regex(DURATION));
  return z
    .union([z.number().nonnegative(), text], `expected a ${TITLE}`)
    .transform((value) => milliseconds(value))
    .prefault(preset)
    .meta({ title: TITLE });
}

function isUnit(unit: string | undefined): unit is keyof typeof UNITS {
  return unit !== undefined && Object.hasOwn(UNITS, unit);
}
