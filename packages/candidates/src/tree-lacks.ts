import { capacityOf, freeAt, ownOf, whole } from "./capacity.js";
import type { CompiledGroup, CompiledRequest } from "./compiled-request.js";
import type { Lack } from "./lack.js";
import { aloneLacks, askLack, placeLacks, rootLacks } from "./provider-lacks.js";
import { canServe, TreeSearch } from "./tree-search.js";
import type { TreeView } from "./tree-view.js";

/**
 * All that keeps a tree from serving a request; empty where it can. First what single groups lack, each seen from the
 * provider that is nearest to serving it; only where each could be served by itself, what keeps them apart.
 */
export function treeLacks(view: TreeView, request: CompiledRequest): readonly Lack[] {
  const [root, other] = view.seats;
  if (root && request.flat && !other)
    return [...aloneLacks(root, request.flat, view), ...rootLacks(view.root, request)];
  if (canServe(view, request)) return [];
  const lacks = [
    ...request.groups.flatMap((group) => (group.spreads ? spreadLacks(view, group) : nearestLacks(view, group))),
    ...rootLacks(view.root, request),
  ];
  if (lacks.length === 0) lacks.push(...scarceLacks(view, request));
  return lacks.length === 0 ? jointLacks(view, request) : sorted(withoutRepeats(lacks));
}

/** What the provider lacks that lacks the least. */
function nearestLacks(view: TreeView, group: CompiledGroup): readonly Lack[] {
  return least(view.seats.map((seat) => aloneLacks(seat, group, view)));
}

/** What is lacking for each resource by itself, and the traits that nobody has. */
function spreadLacks(view: TreeView, group: CompiledGroup): readonly Lack[] {
  const { asks, required, suffix } = group;
  const [root] = view.seats;
  if (asks.length === 0) return root ? aloneLacks(root, group, view) : [];
  const places = view.seats.map((seat) => placeLacks(seat, group, view));
  const lacks: Lack[] = [];
  const able = new Set<string>();
  for (const ask of asks) {
    const each = view.seats.map(({ provider }, index) => {
      const lack = askLack(provider, ask);
      const all = [...(lack ? [lack] : []), ...(places[index] ?? [])];
      if (all.length === 0) able.add(provider.id);
      return all;
    });
    lacks.push(...least(each));
  }
  // With all resources to be had the traits count of those who give them; else of anybody.
  const seats = lacks.length === 0 ? view.seats.filter(({ provider }) => able.has(provider.id)) : view.seats;
  for (const traits of required) {
    const isThere = seats.some(({ provider }) => traits.some((trait) => provider.traits.includes(trait)));
    if (!isThere) lacks.push({ kind: "required-trait", traits, suffix });
  }
  return lacks;
}

/** Resources of which there is too little for all groups together. */
function scarceLacks(view: TreeView, { totals }: CompiledRequest): Lack[] {
  return totals.flatMap(({ resourceClass, amount }): Lack[] => {
    const free = view.seats.reduce((sum, { provider }) => sum + Math.max(0, freeAt(provider, resourceClass)), 0);
    if (free >= amount) return [];
    const capacity = view.seats.reduce((sum, { provider: { inventories } }) => {
      const inventory = ownOf(inventories, resourceClass);
      return inventory ? sum + Math.max(0, capacityOf(inventory)) : sum;
    }, 0);
    return [{ kind: "resource", resourceClass, amount, free: whole(free), capacity: whole(capacity) }];
  });
}

/** What keeps groups apart that could be served one by one: the first rule without which they would be. */
function jointLacks(view: TreeView, request: CompiledRequest): readonly Lack[] {
  const would = (changes: Partial<CompiledRequest>) => new TreeSearch(view, { ...request, ...changes }).next();
  const suffixes = request.groups.filter(({ spreads }) => !spreads).map(({ suffix }) => suffix);
  if (request.isolates && would({ isolates: false })) return [{ kind: "group-policy", suffixes }];
  if (request.sameSubtree.length > 0 && would({ sameSubtree: [] })) {
    const guilty = request.sameSubtree.filter((each) => !would({ sameSubtree: [each] }));
    const lists = guilty.length > 0 ? guilty : request.sameSubtree;
    return lists.map((each) => ({ kind: "same-subtree", suffixes: each }));
  }
  return [{ kind: "combination" }];
}

/** The list that weighs least; a resource that is missing altogether weighs more than one that is used up. */
function least(lists: readonly (readonly Lack[])[]): readonly Lack[] {
  let best: readonly Lack[] = [];
  let bestWeight = Number.POSITIVE_INFINITY;
  for (const list of lists) {
    const weight = list.reduce((sum, lack) => sum + weightOf(lack), 0);
    if (weight < bestWeight) [best, bestWeight] = [list, weight];
  }
  return best;
}

/** Between 1 and 2, so that one lack is always nearer than two. */
function weightOf(lack: Lack): number {
  if (lack.kind !== "resource") return 1;
  return 2 - Math.min(1, lack.free / lack.amount) / 2;
}

const ORDER: readonly Lack["kind"][] = [
  "resource",
  "unit",
  "required-trait",
  "forbidden-trait",
  "aggregate",
  "forbidden-aggregate",
  "tree",
];

function sorted(lacks: readonly Lack[]): readonly Lack[] {
  return [...lacks].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

function withoutRepeats(lacks: readonly Lack[]): readonly Lack[] {
  return [...new Map(lacks.map((lack) => [JSON.stringify(lack), lack])).values()];
}
