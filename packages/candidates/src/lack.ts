import type { Provider } from "@kilonova/contracts";
import { freeAt, isUnitOf, ownOf } from "./capacity.js";
import type { ResourceRequest } from "./resource-request.js";

/** Why a provider cannot serve a request. */
export type Lack =
  /** Less is free than is asked for, or it has no such resource. */
  | { readonly kind: "resource"; readonly resourceClass: string; readonly amount: number }
  /** The amount breaks the inventory's least, largest or step. */
  | { readonly kind: "unit"; readonly resourceClass: string; readonly amount: number }
  | { readonly kind: "required-trait"; readonly trait: string }
  | { readonly kind: "forbidden-trait"; readonly trait: string };

/** True where a provider can serve the request now. */
export function hasRoom(provider: Provider, request: ResourceRequest): boolean {
  for (const resourceClass in request.resources) {
    if (resourceLack(provider, resourceClass, request.resources[resourceClass] ?? 0)) return false;
  }
  for (const trait of request.requiredTraits) if (!provider.traits.includes(trait)) return false;
  for (const trait of request.forbiddenTraits) if (provider.traits.includes(trait)) return false;
  return true;
}

/** All that keeps a provider from serving the request, in the request's order; empty where it has room. */
export function lacksOf(provider: Provider, request: ResourceRequest): readonly Lack[] {
  const lacks: Lack[] = [];
  for (const [resourceClass, amount] of Object.entries(request.resources)) {
    const kind = resourceLack(provider, resourceClass, amount);
    if (kind) lacks.push({ kind, resourceClass, amount });
  }
  for (const trait of request.requiredTraits) {
    if (!provider.traits.includes(trait)) lacks.push({ kind: "required-trait", trait });
  }
  for (const trait of request.forbiddenTraits) {
    if (provider.traits.includes(trait)) lacks.push({ kind: "forbidden-trait", trait });
  }
  return lacks;
}

function resourceLack(provider: Provider, resourceClass: string, amount: number): "resource" | "unit" | undefined {
  const inventory = ownOf(provider.inventories, resourceClass);
  if (!inventory || freeAt(provider, resourceClass) < amount) return "resource";
  return isUnitOf(inventory, amount) ? undefined : "unit";
}
