/** So many changes are remembered one by one; who asks for older ones looks at everything anew. */
const LENGTH = 65_536;

/**
 * Which slots changed, in order: so that what was worked out for all of them need be worked out again for these alone. Each
 * slot has a version, which is another after each change of it.
 */
export class ChangeLog {
  #versions = new Uint32Array(64);
  readonly #slots = new Int32Array(LENGTH);
  #count = 0;
  #epoch = 0;

  /** Grows with each change. */
  get count(): number {
    return this.#count;
  }

  /** Another number when something changed that all slots may depend on. */
  get epoch(): number {
    return this.#epoch;
  }

  /** By slot; never 0 for one that was noted. To be asked for anew after each change: it may have grown. */
  get versions(): Uint32Array {
    return this.#versions;
  }

  note(slot: number): void {
    if (slot >= this.#versions.length) this.#versions = grown(this.#versions, slot + 1);
    this.#slots[this.#count % LENGTH] = slot;
    this.#count++;
    this.#versions[slot] = this.#count;
  }

  /** Something changed that all slots may depend on. */
  noteAll(): void {
    this.#epoch++;
  }

  /** The slots that changed since so many changes had been noted; undefined where that is too long ago. */
  since(count: number): ReadonlySet<number> | undefined {
    if (this.#count - count > LENGTH) return undefined;
    const slots = new Set<number>();
    for (let each = count; each < this.#count; each++) slots.add(this.#slots[each % LENGTH] ?? 0);
    return slots;
  }
}

/** A longer array with the same beginning. */
export function grown(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(Math.max(length, 2 * array.length));
  longer.set(array);
  return longer;
}
