import type { Allocation, Resources } from "@kilonova/contracts";
import type { CompiledRequest } from "./compiled-request.js";
import type { Seat, TreeView } from "./tree-view.js";

/** One way in which a tree can serve a request. */
export interface Candidate {
  /** The root of the tree; what is taken may be of providers that share with it alone. */
  readonly rootId: string;
  /** What would be taken of each provider, all groups together. */
  readonly allocations: readonly Allocation[];
  /** By suffix, the ids of the providers that serve the group. Groups without resources have theirs, too. */
  readonly mappings: Readonly<Record<string, readonly string[]>>;
}

/** @param picked a provider for each part of the request */
export function candidateOf({ root, seats }: TreeView, { parts }: CompiledRequest, picked: readonly Seat[]): Candidate {
  const taken = new Map<Seat, Map<string, number>>();
  const mappings = new Map<string, Set<string>>();
  parts.forEach(({ group, asks }, part) => {
    const seat = picked[part];
    if (!seat) return;
    entry(mappings, group.suffix, () => new Set<string>()).add(seat.provider.id);
    for (const { resourceClass, amount } of asks) {
      const resources = entry(taken, seat, () => new Map<string, number>());
      resources.set(resourceClass, (resources.get(resourceClass) ?? 0) + amount);
    }
  });
  return {
    rootId: root.id,
    allocations: seats.flatMap((seat) => {
      const resources = taken.get(seat);
      return resources ? [{ providerId: seat.provider.id, resources: resourcesOf(resources) }] : [];
    }),
    mappings: Object.fromEntries([...mappings].map(([suffix, ids]) => [suffix, [...ids]])),
  };
}

function resourcesOf(amounts: ReadonlyMap<string, number>): Resources {
  return Object.fromEntries(amounts);
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
