import { SlotSet } from "./slot-set.js";

/** Where something is to be had: a trait, an aggregate, a resource class. */
export class Posting {
  /** Trees whose root has it. */
  readonly roots = new SlotSet();
  /** Trees in which a provider below the root has it. */
  readonly nested = new SlotSet();
  /** How many providers that share have it: what any tree around them may use. */
  sharers = 0;
  /** How many providers below the root have it, by slot. */
  readonly #counts = new Map<number, number>();

  get isEmpty(): boolean {
    return this.roots.size === 0 && this.nested.size === 0;
  }

  addNested(slot: number): void {
    this.#counts.set(slot, (this.#counts.get(slot) ?? 0) + 1);
    this.nested.add(slot);
  }

  deleteNested(slot: number): void {
    const count = (this.#counts.get(slot) ?? 0) - 1;
    if (count > 0) {
      this.#counts.set(slot, count);
      return;
    }
    this.#counts.delete(slot);
    this.nested.delete(slot);
  }
}

/** How a provider stands in the forest, as far as postings tell providers apart. */
export interface Standing {
  readonly slot: number;
  readonly isRoot: boolean;
  readonly isSharing: boolean;
}

/** Postings by name, for all traits, aggregates or resource classes. Names that nobody has any more are forgotten. */
export class Postings {
  readonly #byName = new Map<string, Posting>();

  get(name: string): Posting | undefined {
    return this.#byName.get(name);
  }

  add(names: Iterable<string>, { slot, isRoot, isSharing }: Standing): void {
    for (const name of names) {
      let posting = this.#byName.get(name);
      if (!posting) {
        posting = new Posting();
        this.#byName.set(name, posting);
      }
      if (isRoot) posting.roots.add(slot);
      else posting.addNested(slot);
      if (isSharing) posting.sharers++;
    }
  }

  /** Takes back what `add` was told, of the very same names and standing. */
  delete(names: Iterable<string>, { slot, isRoot, isSharing }: Standing): void {
    for (const name of names) {
      const posting = this.#byName.get(name);
      if (!posting) continue;
      if (isRoot) posting.roots.delete(slot);
      else posting.deleteNested(slot);
      if (isSharing) posting.sharers--;
      if (posting.isEmpty) this.#byName.delete(name);
    }
  }
}
