import type { Inventory, Provider } from "@kilonova/contracts";

/**
 * What may be given out of a resource in all. A fraction is kept: placement's own check in the database compares with
 * the very same double. Negative where more is reserved than there is.
 */
export function capacityOf(inventory: Inventory): number {
  return (inventory.total - inventory.reserved) * inventory.allocationRatio;
}

/** What is left of a resource at a provider; 0 where it has none, negative where too much is taken. */
export function freeAt(provider: Provider, resourceClass: string): number {
  const inventory = ownOf(provider.inventories, resourceClass);
  return inventory ? capacityOf(inventory) - usedAt(provider, resourceClass) : 0;
}

/** What is taken of a resource at a provider. */
export function usedAt(provider: Provider, resourceClass: string): number {
  return ownOf(provider.used, resourceClass) ?? 0;
}

/** True where the inventory may be cut into a piece of that size, whatever is free. */
export function isUnitOf(inventory: Inventory, amount: number): boolean {
  return amount >= inventory.minUnit && amount <= inventory.maxUnit && amount % inventory.stepSize === 0;
}

/** A record's own entry: a resource class may be called as something that every object inherits. */
export function ownOf<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
