import type { Inventory, Provider, RequestGroup, ResourceRequest } from "@kilonova/contracts";

export const SHARES = "MISC_SHARES_VIA_AGGREGATE";

/** So much of something, that may be given out as one likes. */
export function inventory(total: number, changes: Partial<Inventory> = {}): Inventory {
  return { total, reserved: 0, minUnit: 1, maxUnit: 1_000_000, stepSize: 1, allocationRatio: 1, ...changes };
}

/** A root, unless the changes say otherwise; what it has is given by amount. */
export function provider(
  id: string,
  has: Readonly<Record<string, number | Inventory>> = {},
  changes: Partial<Provider> = {},
): Provider {
  const inventories = Object.fromEntries(
    Object.entries(has).map(([name, each]) => [name, typeof each === "number" ? inventory(each) : each]),
  );
  return {
    id,
    name: id,
    parentId: null,
    rootId: id,
    generation: 0,
    inventories,
    used: {},
    consumers: 0,
    traits: [],
    aggregates: [],
    ...changes,
  };
}

/** A provider below another, by default below the root itself. */
export function child(
  id: string,
  rootId: string,
  has: Readonly<Record<string, number | Inventory>> = {},
  changes: Partial<Provider> = {},
): Provider {
  return provider(id, has, { rootId, parentId: rootId, ...changes });
}

export function group(
  suffix: string,
  resources: Readonly<Record<string, number>>,
  changes: Partial<RequestGroup> = {},
): RequestGroup {
  const free = { required: [], forbidden: [], memberOf: [], notMemberOf: [], inTree: null };
  return { ...free, suffix, resources, ...changes };
}

export function request(groups: readonly RequestGroup[], changes: Partial<ResourceRequest> = {}): ResourceRequest {
  return { groups: [...groups], groupPolicy: null, rootRequired: [], rootForbidden: [], sameSubtree: [], ...changes };
}
