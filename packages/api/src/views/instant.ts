/** An instant as most of the API shows it: seconds, in UTC, with a Z. */
export function isoInstant(instant: string | Date): string {
  return `${isoText(instant).slice(0, 19)}Z`;
}

/** An instant as a few older resources show it: with microseconds, without a zone. */
export function isoMicroseconds(instant: string | Date | null): string | null {
  return instant === null ? null : `${isoText(instant).slice(0, 23)}000`;
}

function isoText(instant: string | Date): string {
  return typeof instant === "string" ? instant : instant.toISOString();
}
