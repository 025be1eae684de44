import type { HostRefusal, SchedulingRequest } from "@kilonova/plugin-api";

/** The servers that a hint names, and where they are. */
export interface HintedServers {
  /** Root providers of the hosts that hold one of them at least. */
  readonly providerIds: ReadonlySet<string>;
  /** What holds of every host where the hint cannot be read. */
  readonly refusal: HostRefusal | undefined;
}

/**
 * Reads a hint that names one server or several, by id.
 *
 * @returns undefined where the request has no such hint, or an empty one
 */
export function hintedServers({ hints, serverHosts }: SchedulingRequest, hint: string): HintedServers | undefined {
  const value = hints[hint];
  const isEmpty = Array.isArray(value) ? value.length === 0 : !value;
  if (isEmpty) return undefined;
  const ids: readonly unknown[] = Array.isArray(value) ? value : [value];
  const providerIds = new Set<string>();
  for (const id of ids) {
    if (typeof id !== "string") return { providerIds: new Set(), refusal: unreadable(hint) };
    const providerId = serverHosts.get(id);
    if (providerId !== undefined) providerIds.add(providerId);
  }
  return { providerIds, refusal: undefined };
}

function unreadable(hint: string): HostRefusal {
  return { code: "hint-unreadable", words: `cannot match the hint ${hint}, which is no list of server ids` };
}
