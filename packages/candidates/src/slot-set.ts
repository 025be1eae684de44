/** Slots in a page: a page that has none costs nothing, and is passed over at once. */
export const PAGE_SLOTS = 1024;
/** A page as words of 32 bits. */
export const PAGE_WORDS = PAGE_SLOTS / 32;

/** One bit for each slot of a page. */
export type SlotPage = Int32Array;

/**
 * A set of slots as bits in pages: small where few are in it, quick to intersect where many are, always in ascending
 * order.
 */
export class SlotSet implements ReadonlySet<number> {
  readonly #pages: (SlotPage | undefined)[] = [];
  readonly #counts: number[] = [];
  #size = 0;

  static of(slots: Iterable<number>): SlotSet {
    const made = new SlotSet();
    for (const slot of slots) made.add(slot);
    return made;
  }

  get size(): number {
    return this.#size;
  }

  /** How many pages there may be. */
  get pages(): number {
    return this.#pages.length;
  }

  /** The bits of a page; undefined where it has none. */
  page(index: number): SlotPage | undefined {
    return this.#pages[index];
  }

  has(slot: number): boolean {
    return bitAt(this.#pages[slot >>> 10], slot);
  }

  add(slot: number): this {
    const index = slot >>> 10;
    // Filled up rather than left out: an array with holes is slow to read.
    while (this.#pages.length <= index) {
      this.#pages.push(undefined);
      this.#counts.push(0);
    }
    const page = this.#pages[index] ?? new Int32Array(PAGE_WORDS);
    if (bitAt(page, slot)) return this;
    page[wordOf(slot)] = (page[wordOf(slot)] ?? 0) | (1 << slot);
    this.#pages[index] = page;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#size++;
    return this;
  }

  delete(slot: number): boolean {
    const index = slot >>> 10;
    const page = this.#pages[index];
    if (!page || !bitAt(page, slot)) return false;
    page[wordOf(slot)] = (page[wordOf(slot)] ?? 0) & ~(1 << slot);
    const count = (this.#counts[index] ?? 0) - 1;
    this.#counts[index] = count;
    if (count === 0) this.#pages[index] = undefined;
    this.#size--;
    return true;
  }

  *[Symbol.iterator](): SetIterator<number> {
    for (let index = 0; index < this.#pages.length; index++) {
      const page = this.#pages[index];
      if (!page) continue;
      for (let word = 0; word < PAGE_WORDS; word++) {
        for (let bits = page[word] ?? 0; bits !== 0; bits &= bits - 1) {
          yield index * PAGE_SLOTS + word * 32 + lowestBit(bits);
        }
      }
    }
  }

  keys(): SetIterator<number> {
    return this[Symbol.iterator]();
  }

  values(): SetIterator<number> {
    return this[Symbol.iterator]();
  }

  *entries(): SetIterator<[number, number]> {
    for (const slot of this) yield [slot, slot];
  }

  forEach(callback: (value: number, key: number, set: ReadonlySet<number>) => void, thisArg?: unknown): void {
    for (const slot of this) callback.call(thisArg, slot, slot, this);
  }
}

/** The number of the lowest bit that is set, of bits that are not all zero. */
export function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** How many bits of a word are set. */
export function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The word of a page in which a slot is. */
export function wordOf(slot: number): number {
  return (slot >>> 5) & (PAGE_WORDS - 1);
}

function bitAt(page: SlotPage | undefined, slot: number): boolean {
  return page !== undefined && ((page[wordOf(slot)] ?? 0) & (1 << slot)) !== 0;
}
