import type { Provider, RequestGroup, ResourceRequest } from "@kilonova/contracts";
import type { Candidate } from "../candidate.js";
import { SHARES } from "./providers.js";

/** One provider for one group, or for one resource of a group without a suffix. */
interface Choice {
  readonly group: RequestGroup;
  readonly resources: Readonly<Record<string, number>>;
  readonly provider: Provider;
}

/**
 * The rules as they are written down, with nothing of the engine's: every way of giving each part of the request to some
 * provider, of which those remain that break no rule.
 */
export function referenceCandidates(all: readonly Provider[], asked: ResourceRequest, rootId: string): Candidate[] {
  const root = all.find(({ id }) => id === rootId);
  if (!root || root.rootId !== rootId) return [];
  const own = all.filter((each) => each.rootId === rootId);
  const reach = new Set(own.flatMap(({ aggregates }) => aggregates));
  const known = all.filter((each) => all.some(({ id }) => id === each.rootId));
  const sharing = known.filter(
    (each) => each.rootId !== rootId && each.traits.includes(SHARES) && each.aggregates.some((name) => reach.has(name)),
  );
  if (!asked.rootRequired.every((trait) => root.traits.includes(trait))) return [];
  if (asked.rootForbidden.some((trait) => root.traits.includes(trait))) return [];
  let ways: Choice[][] = [[]];
  for (const group of asked.groups) {
    const spreads = group.suffix === "" && Object.keys(group.resources).length > 0;
    const parts = spreads
      ? Object.entries(group.resources).map(([name, amount]) => ({ [name]: amount }))
      : [group.resources];
    const from = group.suffix === "" && !spreads ? [root] : [...own, ...sharing];
    for (const resources of parts) {
      ways = ways.flatMap((way) => from.map((provider) => [...way, { group, resources, provider }]));
    }
  }
  return ways.filter((way) => isValid(way, all, asked, root)).map((way) => asCandidate(way, rootId));
}

function isValid(way: readonly Choice[], all: readonly Provider[], asked: ResourceRequest, root: Provider): boolean {
  for (const { group, provider } of way) {
    if (group.forbidden.some((trait) => provider.traits.includes(trait))) return false;
    const isIn = (each: Provider) =>
      group.memberOf.every((list) => list.some((name) => each.aggregates.includes(name)));
    const spans = group.suffix === "" && provider.rootId === root.id && isIn(root);
    if (!isIn(provider) && !spans) return false;
    if (group.notMemberOf.some((name) => provider.aggregates.includes(name))) return false;
    if (group.suffix === "" && group.notMemberOf.some((name) => root.aggregates.includes(name))) return false;
    if (group.inTree !== null) {
      const tree = all.find(({ id }) => id === group.inTree)?.rootId;
      if (tree !== provider.rootId || (group.suffix === "" && tree !== root.id)) return false;
    }
  }
  for (const group of asked.groups) {
    const traits = way.filter((choice) => choice.group === group).flatMap(({ provider }) => provider.traits);
    if (!group.required.every((list) => list.some((trait) => traits.includes(trait)))) return false;
  }
  if (asked.groupPolicy === "isolate") {
    const alone = way.filter(({ group }) => group.suffix !== "").map(({ provider }) => provider.id);
    if (new Set(alone).size < alone.length) return false;
  }
  for (const suffixes of asked.sameSubtree) {
    const ids = way.filter(({ group }) => suffixes.includes(group.suffix)).map(({ provider }) => provider.id);
    if (ids.length > 0 && !ids.some((top) => ids.every((id) => isUnder(id, top, all)))) return false;
  }
  return way.every(({ resources, provider }) =>
    Object.entries(resources).every(([name, amount]) => {
      const has = Object.hasOwn(provider.inventories, name) ? provider.inventories[name] : undefined;
      if (!has) return false;
      const sum = way
        .filter((other) => other.provider.id === provider.id)
        .reduce((total, other) => total + (Object.hasOwn(other.resources, name) ? (other.resources[name] ?? 0) : 0), 0);
      const isPiece = amount >= has.minUnit && amount % has.stepSize === 0 && sum <= has.maxUnit;
      return isPiece && (provider.used[name] ?? 0) + sum <= (has.total - has.reserved) * has.allocationRatio;
    }),
  );
}

function isUnder(id: string, top: string, all: readonly Provider[]): boolean {
  if (id === top) return true;
  const parent = all.find((each) => each.id === id)?.parentId;
  return typeof parent === "string" && isUnder(parent, top, all);
}

function asCandidate(way: readonly Choice[], rootId: string): Candidate {
  const allocations = new Map<string, Record<string, number>>();
  const mappings: Record<string, string[]> = {};
  for (const { group, resources, provider } of way) {
    const ids = mappings[group.suffix] ?? [];
    mappings[group.suffix] = ids.includes(provider.id) ? ids : [...ids, provider.id];
    for (const [name, amount] of Object.entries(resources)) {
      const taken = allocations.get(provider.id) ?? {};
      allocations.set(provider.id, { ...taken, [name]: (taken[name] ?? 0) + amount });
    }
  }
  return {
    rootId,
    allocations: [...allocations].map(([providerId, resources]) => ({ providerId, resources })),
    mappings,
  };
}
