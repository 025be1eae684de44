import { aggregateValues, type HostState } from "@kilonova/plugin-api";

/** What a host's aggregates say under a key, each text being a list with commas. Empty where none says anything. */
export function listedValues(host: HostState, key: string): readonly string[] {
  return aggregateValues(host, key).flatMap(listed);
}

/** The parts of a list with commas. */
export function listed(text: string): readonly string[] {
  return text.split(",").map((part) => part.trim());
}

/**
 * The limit that a host's aggregates set: the smallest where they contradict one another. What is no whole number is
 * passed over.
 */
export function smallestLimit(host: HostState, key: string, otherwise: number): number {
  const limits = aggregateValues(host, key)
    .filter((text) => /^\s*[+-]?\d+\s*$/.test(text))
    .map(Number);
  return limits.length === 0 ? otherwise : Math.min(...limits);
}
