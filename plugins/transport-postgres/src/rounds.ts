/** Of one round trip: more are slower for the first of them than two round trips would be. */
const MOST_ITEMS = 64;
const MOST_BYTES = 1_048_576;
/** Round trips at the same time. */
const LANES = 2;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Sends together what comes together: at once while there is little to do, in batches while there is much. */
export class Rounds<Item extends { readonly body: Buffer }, Result> {
  #waiting: Waiting<Item, Result>[] = [];
  #running = 0;
  #isScheduled = false;

  /** @param send what it resolves to is the result of each; what it rejects with fails each */
  constructor(private readonly send: (items: readonly Item[]) => Promise<Result>) {}

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#running >= LANES || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    const round = this.#next();
    this.#running += 1;
    this.#schedule();
    try {
      const result = await this.send(round.map(({ item }) => item));
      for (const { resolve } of round) resolve(result);
    } catch (error) {
      for (const { reject } of round) reject(error);
    } finally {
      this.#running -= 1;
      this.#schedule();
    }
  }

  #next(): Waiting<Item, Result>[] {
    let bytes = 0;
    const past = this.#waiting.findIndex(({ item }, index) => {
      bytes += item.body.length;
      return index > 0 && (index >= MOST_ITEMS || bytes > MOST_BYTES);
    });
    return this.#waiting.splice(0, past < 0 ? this.#waiting.length : past);
  }
}
