import type { HostRefusal } from "@kilonova/plugin-api";
import { Column } from "./column.js";

/** So many refusals are told apart; a filter that has more of them gives words that differ from host to host. */
const MOST_REFUSALS = 60_000;

/** One filter's verdicts for requests of one signature: 0 for a host that passes, else which refusal. */
export class VerdictColumn extends Column {
  protected override readonly width = 2;
  #verdicts = new Uint16Array(64);
  readonly #refusals: HostRefusal[] = [];
  readonly #numbers = new Map<string, number>();

  /** By slot: 0, or the number of a refusal. */
  get verdicts(): Uint16Array {
    return this.#verdicts;
  }

  /** @param number as it stands in `verdicts`, not 0 */
  refusal(number: number): HostRefusal {
    const refusal = this.#refusals[number - 1];
    if (!refusal) throw new TypeError("a verdict that was noted has its refusal");
    return refusal;
  }

  /** @param version that of the slot now; undefined where the verdict is for one request alone */
  note(slot: number, verdict: true | HostRefusal, version: number | undefined): void {
    this.#verdicts[slot] = verdict === true ? 0 : this.#numberOf(verdict);
    // Never a version: the next who asks finds none.
    this.noted(slot, version ?? 0);
  }

  protected override grow(slots: number): void {
    const longer = new Uint16Array(slots);
    longer.set(this.#verdicts);
    this.#verdicts = longer;
  }

  #numberOf(refusal: HostRefusal): number {
    const key = `${refusal.code}\n${refusal.words}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#refusals.length >= MOST_REFUSALS) return this.#refusals.length;
    const number = this.#refusals.push(refusal);
    this.#numbers.set(key, number);
    return number;
  }
}
