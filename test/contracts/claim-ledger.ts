import type { Claim, Resources } from "@kilonova/contracts";

/** What a consumer was granted. */
export interface Holding {
  readonly providerId: string;
  readonly resources: Resources;
}

/** A claim that was sent and not answered yet. */
export interface Watch extends Holding {
  /** What the consumer has there already, and gives up if this is granted. */
  readonly had: Resources;
  /** The most that can have been taken of it while this was under way, with what this asks for. */
  readonly most: Record<string, number>;
}

/**
 * What can have been taken from each provider at the most: what clients were granted and have not been told to be free
 * again, and what they ask for at the moment. Where that fits from a claim's sending to its answer, there was room for it
 * all the time, and it must not have been refused.
 */
export class ClaimLedger {
  readonly holdings = new Map<string, Holding>();
  readonly #atMost = new Map<string, Record<string, number>>();
  readonly #watches = new Map<string, Set<Watch>>();

  /** @param capacity of each provider, by resource class */
  constructor(private readonly capacity: Resources) {}

  /** To be called before a claim is sent, which asks of one provider, or gives all back. */
  begin({ consumerId, allocations }: Claim): Watch | undefined {
    const [asked] = allocations;
    if (!asked) return undefined;
    const { providerId } = asked;
    this.#change(asked, 1);
    const holding = this.holdings.get(consumerId);
    const had = holding?.providerId === providerId ? holding.resources : {};
    const watch = { ...asked, had, most: { ...this.#atMost.get(providerId) } };
    this.#watchesOf(providerId).add(watch);
    return watch;
  }

  granted({ consumerId }: Claim, watch: Watch | undefined): void {
    const before = this.holdings.get(consumerId);
    if (before) this.#change(before, -1);
    this.holdings.delete(consumerId);
    if (!watch) return;
    this.#watchesOf(watch.providerId).delete(watch);
    this.holdings.set(consumerId, watch);
  }

  /** Answers whether there was room for it all the time. */
  refused(watch: Watch | undefined): boolean {
    if (!watch) return true;
    this.#watchesOf(watch.providerId).delete(watch);
    this.#change(watch, -1);
    return Object.entries(this.capacity).every(
      ([name, capacity]) => (watch.most[name] ?? 0) - (watch.had[name] ?? 0) <= capacity,
    );
  }

  /** What a provider has left while nothing is under way. */
  free(providerId: string): Record<string, number> {
    const taken = this.#atMost.get(providerId) ?? {};
    return Object.fromEntries(
      Object.entries(this.capacity).map(([name, capacity]) => [name, capacity - (taken[name] ?? 0)]),
    );
  }

  #change({ providerId, resources }: Holding, sign: 1 | -1): void {
    const atMost = this.#atMost.get(providerId) ?? {};
    this.#atMost.set(providerId, atMost);
    for (const [name, amount] of Object.entries(resources)) {
      const now = (atMost[name] ?? 0) + sign * amount;
      atMost[name] = now;
      for (const { most } of this.#watchesOf(providerId)) most[name] = Math.max(most[name] ?? 0, now);
    }
  }

  #watchesOf(providerId: string): Set<Watch> {
    const watches = this.#watches.get(providerId) ?? new Set();
    this.#watches.set(providerId, watches);
    return watches;
  }
}
