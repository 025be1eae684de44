import { createHash } from "node:crypto";
import type { Column } from "./column.js";

/** However small they are. */
const MOST_COLUMNS = 2_048;
/** A signature that is longer is kept by its digest. */
const LONG = 128;

/**
 * Columns by plugin and signature, within a bound of memory: those that were not asked for longest go first. A plugin object
 * has its own, so that what an old chain worked out never serves a new one.
 */
export class ColumnCache<Kept extends Column> {
  readonly #columns = new Map<string, Kept>();
  #size = 0;
  readonly #ids = new WeakMap<object, number>();
  #nextId = 0;

  /** @param most bytes in all */
  constructor(
    private readonly make: () => Kept,
    private readonly most: number,
  ) {}

  /** @param signature undefined: the column is for this one request */
  columnFor(plugin: object, signature: string | undefined, slots: number): Kept {
    const key = signature === undefined ? undefined : `${this.#idOf(plugin)} ${shortened(signature)}`;
    const known = key === undefined ? undefined : this.#columns.get(key);
    const column = known ?? this.make();
    const before = known ? known.size : 0;
    column.ensure(slots);
    if (key === undefined) return column;
    this.#columns.delete(key);
    this.#columns.set(key, column);
    this.#size += column.size - before;
    this.#evict(key);
    return column;
  }

  #evict(newest: string): void {
    for (const [key, column] of this.#columns) {
      if ((this.#size <= this.most && this.#columns.size <= MOST_COLUMNS) || key === newest) return;
      this.#columns.delete(key);
      this.#size -= column.size;
    }
  }

  #idOf(plugin: object): number {
    const known = this.#ids.get(plugin);
    if (known !== undefined) return known;
    const id = this.#nextId++;
    this.#ids.set(plugin, id);
    return id;
  }
}

function shortened(signature: string): string {
  return signature.length <= LONG ? signature : createHash("sha256").update(signature).digest("base64");
}
