import { soon } from "./settled.js";

/** Keeps what arrives, in order, for the check that waits for it. */
export class Mailbox<Item> {
  readonly #items: Item[] = [];
  readonly #waiting: ((item: Item) => void)[] = [];

  /** What has arrived and was not taken. */
  get length(): number {
    return this.#items.length;
  }

  put(item: Item): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(item);
    else this.#items.push(item);
  }

  /** The next to arrive. */
  take(what: string): Promise<Item> {
    const [item, ...rest] = this.#items;
    if (item === undefined) return soon(what, new Promise((resolve) => this.#waiting.push(resolve)));
    this.#items.splice(0, this.#items.length, ...rest);
    return Promise.resolve(item);
  }
}
