/**
 * Ids by how much each has free, in buckets of powers of two: who asks for an amount looks only at the buckets that can
 * hold it. The lowest of these may hold ids with too little; the caller compares.
 */
export class FreeIndex {
  readonly #buckets: Set<string>[] = [];
  readonly #bucketOf = new Map<string, number>();

  /** Notes what an id has free now. */
  set(id: string, free: number): void {
    const bucket = bucketFor(free);
    const before = this.#bucketOf.get(id);
    if (before === bucket) return;
    if (before !== undefined) this.#buckets[before]?.delete(id);
    this.#bucketOf.set(id, bucket);
    this.#bucket(bucket).add(id);
  }

  delete(id: string): void {
    const bucket = this.#bucketOf.get(id);
    if (bucket === undefined) return;
    this.#bucketOf.delete(id);
    this.#buckets[bucket]?.delete(id);
  }

  /** At most so many have that much. */
  count(amount: number): number {
    let count = 0;
    for (let bucket = bucketFor(amount); bucket < this.#buckets.length; bucket++) count += this.#bucket(bucket).size;
    return count;
  }

  /** All that have that much, and maybe some that don't. */
  *atLeast(amount: number): IterableIterator<string> {
    for (let bucket = bucketFor(amount); bucket < this.#buckets.length; bucket++) yield* this.#bucket(bucket);
  }

  #bucket(index: number): Set<string> {
    while (this.#buckets.length <= index) this.#buckets.push(new Set());
    return this.#buckets[index] ?? new Set();
  }
}

/** 0 for what is less than one, then one bucket a power of two. Never falls as the amount grows. */
function bucketFor(amount: number): number {
  return amount < 1 ? 0 : 1 + Math.floor(Math.log2(amount));
}
