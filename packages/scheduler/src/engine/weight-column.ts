import { Column } from "./column.js";

/** One weigher's weights for requests of one signature, with how much it counts on each host. */
export class WeightColumn extends Column {
  protected override readonly width = 16;
  #weights = new Float64Array(64);
  #multipliers = new Float64Array(64);
  /** True until an aggregate says for some host that the weigher counts differently there. */
  isUniform = true;
  #first: number | undefined;
  #isConstant = true;

  /** The weight that all hosts have had so far, whichever of them are compared; undefined where they differ. */
  get constant(): number | undefined {
    return this.#isConstant ? this.#first : undefined;
  }

  /** By slot; not a number where the weigher could not say. */
  get weights(): Float64Array {
    return this.#weights;
  }

  /** By slot. */
  get multipliers(): Float64Array {
    return this.#multipliers;
  }

  /** @param version that of the slot now; undefined where the weight is for one request alone */
  note(slot: number, weight: number, multiplier: number, preset: number, version: number | undefined): void {
    this.#weights[slot] = weight;
    this.#multipliers[slot] = multiplier;
    if (multiplier !== preset) this.isUniform = false;
    this.#first ??= weight;
    if (weight !== this.#first) this.#isConstant = false;
    this.noted(slot, version ?? 0);
  }

  /** The same values in arrays of their own, for a request that imagines hosts. */
  copy(): { readonly weights: Float64Array; readonly multipliers: Float64Array } {
    return { weights: this.#weights.slice(), multipliers: this.#multipliers.slice() };
  }

  protected override grow(slots: number): void {
    const [weights, multipliers] = [new Float64Array(slots), new Float64Array(slots)];
    weights.set(this.#weights);
    multipliers.set(this.#multipliers);
    this.#weights = weights;
    this.#multipliers = multipliers;
  }
}
