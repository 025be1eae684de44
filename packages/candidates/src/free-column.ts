import type { Provider } from "@kilonova/contracts";
import { ownOf, roomAt } from "./capacity.js";
import { PAGE_SLOTS, PAGE_WORDS, type SlotPage, wordOf } from "./slot-set.js";

/** What roots can give of one resource, for the slots of a page. */
export interface FreePage {
  /** By slot, the most that one request can get: what is free, or less where the largest unit is less. 0: nothing. */
  readonly rooms: Float64Array;
  /** By word, the largest of its 32 rooms: a word with too little is passed over. */
  readonly largest: Float64Array;
  /** Slots whose least unit or step is not 1: rooms alone do not decide. */
  readonly picky: SlotPage;
}

/** One resource at all roots, by slot, in typed arrays: looking at a host costs one read. */
export class FreeColumn {
  readonly #pages: (FreePage | undefined)[] = [];

  page(index: number): FreePage | undefined {
    return this.#pages[index];
  }

  /** Notes what a root can give now. One without such an inventory gives nothing. */
  set(slot: number, root: Provider, resourceClass: string): void {
    const inventory = ownOf(root.inventories, resourceClass);
    this.#write(
      slot,
      roomAt(root, resourceClass),
      inventory !== undefined && (inventory.minUnit > 1 || inventory.stepSize > 1),
    );
  }

  clear(slot: number): void {
    this.#write(slot, 0, false);
  }

  #write(slot: number, room: number, isPicky: boolean): void {
    const page = this.#pageOf(slot);
    const word = wordOf(slot);
    const at = slot & (PAGE_SLOTS - 1);
    const before = page.rooms[at] ?? 0;
    page.rooms[at] = room;
    const picky = page.picky[word] ?? 0;
    page.picky[word] = isPicky ? picky | (1 << slot) : picky & ~(1 << slot);
    const largest = page.largest[word] ?? 0;
    if (room >= largest) page.largest[word] = room;
    else if (before === largest) page.largest[word] = largestOf(page.rooms, word * 32);
  }

  #pageOf(slot: number): FreePage {
    const index = slot >>> 10;
    while (this.#pages.length <= index) this.#pages.push(undefined);
    const known = this.#pages[index];
    if (known) return known;
    const made = {
      rooms: new Float64Array(PAGE_SLOTS),
      largest: new Float64Array(PAGE_WORDS),
      picky: new Int32Array(PAGE_WORDS),
    };
    this.#pages[index] = made;
    return made;
  }
}

function largestOf(rooms: Float64Array, from: number): number {
  let largest = 0;
  for (let at = from; at < from + 32; at++) largest = Math.max(largest, rooms[at] ?? 0);
  return largest;
}
