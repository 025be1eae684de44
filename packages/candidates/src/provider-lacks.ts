import type { Provider } from "@kilonova/contracts";
import { canGive, capacityOf, freeAt, ownOf, whole } from "./capacity.js";
import type { Ask, CompiledGroup, CompiledRequest } from "./compiled-request.js";
import type { Lack } from "./lack.js";
import type { Seat, TreeView } from "./tree-view.js";

/** What the request asks of the root itself, and the root has not. */
export function rootLacks(root: Provider, { rootRequired, rootForbidden }: CompiledRequest): Lack[] {
  const lacks: Lack[] = [];
  for (const trait of rootRequired) {
    if (!root.traits.includes(trait)) lacks.push({ kind: "required-trait", traits: [trait], suffix: "" });
  }
  for (const trait of rootForbidden) {
    if (root.traits.includes(trait)) lacks.push({ kind: "forbidden-trait", trait, suffix: "" });
  }
  return lacks;
}

/** Why a provider cannot give that much by itself; undefined where it can. */
export function askLack(provider: Provider, ask: Ask): Lack | undefined {
  if (canGive(provider, ask)) return undefined;
  const { resourceClass, amount } = ask;
  const inventory = ownOf(provider.inventories, resourceClass);
  const free = freeAt(provider, resourceClass);
  return {
    kind: free < amount || inventory === undefined ? "resource" : "unit",
    resourceClass,
    amount,
    free: whole(free),
    capacity: inventory === undefined ? 0 : whole(capacityOf(inventory)),
  };
}

/** Of each required list, whether the provider has one. */
export function requiredLacks(provider: Provider, { required, suffix }: CompiledGroup): Lack[] {
  const lacks: Lack[] = [];
  for (const traits of required) {
    if (!overlap(traits, provider.traits)) lacks.push({ kind: "required-trait", traits, suffix });
  }
  return lacks;
}

/** Why a provider may have no part in a group at all, whatever it has left. */
export function placeLacks(seat: Seat, group: CompiledGroup, view: TreeView): Lack[] {
  const { provider } = seat;
  const { forbidden, notMemberOf, inTree, suffix } = group;
  const lacks: Lack[] = [];
  for (const trait of forbidden) {
    if (provider.traits.includes(trait)) lacks.push({ kind: "forbidden-trait", trait, suffix });
  }
  if (group.memberOf.length > 0) lacks.push(...memberLacks(seat, group, view));
  for (const aggregate of notMemberOf) {
    const isIn = provider.aggregates.includes(aggregate) || (group.spreads && view.root.aggregates.includes(aggregate));
    if (isIn) lacks.push({ kind: "forbidden-aggregate", aggregate, suffix });
  }
  if (inTree !== null) {
    // What may be spread stays within the tree itself. A group with a suffix may come from that tree by way of sharing.
    const isThere = view.lineage.rootOf(inTree) === provider.rootId && (seat.isOwn || !group.spreads);
    if (!isThere) lacks.push({ kind: "tree", providerId: inTree, suffix });
  }
  return lacks;
}

/** All that keeps a provider from serving a group by itself. */
export function aloneLacks(seat: Seat, group: CompiledGroup, view: TreeView): Lack[] {
  const lacks: Lack[] = [];
  for (const ask of group.asks) {
    const lack = askLack(seat.provider, ask);
    if (lack) lacks.push(lack);
  }
  if (group.required.length > 0) lacks.push(...requiredLacks(seat.provider, group));
  lacks.push(...placeLacks(seat, group, view));
  return lacks;
}

/** For what may be spread, the aggregates of the root count for its whole tree, though not for those that share with it. */
function memberLacks({ provider, isOwn }: Seat, { memberOf, spreads, suffix }: CompiledGroup, view: TreeView): Lack[] {
  const missing = memberOf.filter((aggregates) => !overlap(aggregates, provider.aggregates));
  if (missing.length === 0) return [];
  const byRoot = spreads && isOwn ? memberOf.filter((each) => !overlap(each, view.root.aggregates)) : missing;
  return byRoot.map((aggregates) => ({ kind: "aggregate", aggregates, suffix }));
}

function overlap(names: readonly string[], others: readonly string[]): boolean {
  return names.some((name) => others.includes(name));
}
