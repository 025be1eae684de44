import type { Inventory, Provider } from "@kilonova/contracts";

/**
 * What may be given out of a resource in all. A fraction is kept: placement's own check in the database compares with
 * the very same double. Negative where more is reserved than there is.
 */
export function capacityOf(inventory: Inventory): number {
  return (inventory.total - inventory.reserved) * inventory.allocationRatio;
}

/** As much as can be given out: whole ones, none where too much is taken. */
export function whole(amount: number): number {
  return Math.max(0, Math.floor(amount));
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

/** True where a provider can give that much now, in one piece. */
export function canGive(
  provider: Provider,
  { resourceClass, amount }: { resourceClass: string; amount: number },
): boolean {
  const inventory = ownOf(provider.inventories, resourceClass);
  if (!inventory || !isUnitOf(inventory, amount)) return false;
  return capacityOf(inventory) - usedAt(provider, resourceClass) >= amount;
}

/** The most that all parts of a request together can have of a resource at a provider. */
export function roomAt(provider: Provider, resourceClass: string): number {
  const inventory = ownOf(provider.inventories, resourceClass);
  return inventory ? Math.max(0, Math.min(freeAt(provider, resourceClass), inventory.maxUnit)) : 0;
}

/** A record's own entry: a resource class may be called as something that every object inherits. */
export function ownOf<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
