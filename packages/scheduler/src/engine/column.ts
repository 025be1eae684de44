import { grown } from "../hosts/change-log.js";

/**
 * What was worked out for hosts, by slot, each good until its host changes: a value is taken to be there where it was made
 * for the version that the slot has now.
 */
export abstract class Column {
  #madeFor = new Uint32Array(64);

  /** Bytes for each slot. */
  protected abstract readonly width: number;
  /** Makes room for so many slots. */
  protected abstract grow(slots: number): void;

  /** Bytes that it takes. */
  get size(): number {
    return this.#madeFor.length * (4 + this.width);
  }

  /** Makes room; to be called before anything is read or noted. */
  ensure(slots: number): void {
    if (slots <= this.#madeFor.length) return;
    this.#madeFor = grown(this.#madeFor, slots);
    this.grow(this.#madeFor.length);
  }

  /** Those of the slots for which there is no value. @param versions as the change log has them */
  missing(slots: ArrayLike<number> & Iterable<number>, versions: Uint32Array): number[] {
    const missing: number[] = [];
    const made = this.#madeFor;
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index] ?? 0;
      if (made[slot] !== versions[slot]) missing.push(slot);
    }
    return missing;
  }

  protected noted(slot: number, version: number): void {
    this.#madeFor[slot] = version;
  }
}
