import type { Allocation, Provider } from "@kilonova/contracts";
import { freeAt } from "./capacity.js";
import { FreeIndex } from "./free-index.js";
import { hasRoom } from "./lack.js";
import type { ResourceRequest } from "./resource-request.js";

/** A host that can serve a request, and what would be taken from its providers. */
export interface Candidate {
  readonly root: Provider;
  readonly allocations: readonly Allocation[];
}

/**
 * Providers in memory, indexed by what they have free and by trait, so that a request looks only at those that may
 * serve it. Whoever mirrors placement keeps it up to date with `set` and `delete`.
 *
 * Today a candidate is a root provider that serves the whole request by itself.
 */
export class ProviderIndex {
  readonly #providers = new Map<string, Provider>();
  readonly #free = new Map<string, FreeIndex>();
  readonly #byTrait = new Map<string, Set<string>>();

  get size(): number {
    return this.#providers.size;
  }

  get(id: string): Provider | undefined {
    return this.#providers.get(id);
  }

  values(): IterableIterator<Provider> {
    return this.#providers.values();
  }

  /** Notes a provider as it is now. */
  set(provider: Provider): void {
    const before = this.#providers.get(provider.id);
    this.#providers.set(provider.id, provider);
    if (before) this.#forgetMissing(before, provider);
    for (const resourceClass of Object.keys(provider.inventories)) {
      this.#freeIndex(resourceClass).set(provider.id, freeAt(provider, resourceClass));
    }
    if (before?.traits !== provider.traits) for (const trait of provider.traits) this.#holders(trait).add(provider.id);
  }

  delete(id: string): void {
    const provider = this.#providers.get(id);
    if (!provider) return;
    this.#providers.delete(id);
    for (const resourceClass of Object.keys(provider.inventories)) this.#freeIndex(resourceClass).delete(id);
    for (const trait of provider.traits) this.#holders(trait).delete(id);
  }

  /** All hosts that can serve the request now, in no particular order. */
  candidates(request: ResourceRequest): readonly Candidate[] {
    const found: Candidate[] = [];
    for (const id of this.#narrowest(request)) {
      const root = this.#providers.get(id);
      if (!root || root.parentId !== null || !hasRoom(root, request)) continue;
      found.push({ root, allocations: allocationsAt(root, request) });
    }
    return found;
  }

  /** The ids of the index that leaves the fewest to look at. */
  #narrowest(request: ResourceRequest): Iterable<string> {
    let count = this.#providers.size;
    let ids: Iterable<string> = this.#providers.keys();
    for (const [resourceClass, amount] of Object.entries(request.resources)) {
      const index = this.#free.get(resourceClass);
      if (!index) return [];
      const size = index.count(amount);
      if (size < count) [count, ids] = [size, index.atLeast(amount)];
    }
    for (const trait of request.requiredTraits) {
      const holders = this.#byTrait.get(trait);
      if (!holders) return [];
      if (holders.size < count) [count, ids] = [holders.size, holders];
    }
    return ids;
  }

  #forgetMissing(before: Provider, now: Provider): void {
    for (const resourceClass of Object.keys(before.inventories)) {
      if (!Object.hasOwn(now.inventories, resourceClass)) this.#freeIndex(resourceClass).delete(now.id);
    }
    if (before.traits === now.traits) return;
    for (const trait of before.traits) this.#holders(trait).delete(now.id);
  }

  #freeIndex(resourceClass: string): FreeIndex {
    const known = this.#free.get(resourceClass);
    if (known) return known;
    const made = new FreeIndex();
    this.#free.set(resourceClass, made);
    return made;
  }

  #holders(trait: string): Set<string> {
    const known = this.#byTrait.get(trait);
    if (known) return known;
    const made = new Set<string>();
    this.#byTrait.set(trait, made);
    return made;
  }
}

/** What a request takes where one provider serves all of it. A request for nothing takes nothing. */
export function allocationsAt(provider: Provider, request: ResourceRequest): readonly Allocation[] {
  for (const _ in request.resources) return [{ providerId: provider.id, resources: request.resources }];
  return [];
}
