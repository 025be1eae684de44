/** Scores that differ by less than this are the same: the rest is rounding. */
const PRECISION = 1e9;

/** What one weigher says of hosts, by slot. */
export interface RankedWeights {
  readonly weigher: string;
  /** Not a number where the weigher could not say: on the scale that is its lower end. */
  readonly weights: Float64Array;
  /** How much it counts on each host … */
  readonly multipliers: Float64Array;
  /** … or on all of them alike. */
  readonly uniform: number | undefined;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  /** The weight of all of them, where it is known to be one: they need not be looked at. */
  readonly constant: number | undefined;
}

/** The scale on which the weights of one weigher are brought: from 0 to 1. */
interface Scale {
  readonly low: number;
  readonly high: number;
  /** Some weigher could not say. */
  readonly hasGaps: boolean;
}

/** What one weigher gave a host. */
export interface ScoredWeight {
  readonly weigher: string;
  readonly raw: number;
  readonly normalised: number;
  readonly multiplier: number;
}

/**
 * Hosts by how good they are: the sum over all weighers of multiplier x normalised weight, nova-facts 6.5. Equal ones are in an
 * order that the seed makes up, or in that of their slots.
 */
export class Ranking {
  #slots: readonly number[];

  /**
   * @param seed where equal hosts are to be in random order, any 32-bit number
   * @param scratch room for scores, which hold until it is asked for again; without it each call makes its own
   */
  constructor(
    slots: readonly number[],
    private readonly columns: readonly RankedWeights[],
    private readonly seed: number | undefined,
    private readonly scratch = (length: number) => new Float64Array(length),
  ) {
    this.#slots = slots;
  }

  get size(): number {
    return this.#slots.length;
  }

  get slots(): readonly number[] {
    return this.#slots;
  }

  /** Hosts that are out of the question from now on. */
  remove(isOut: (slot: number) => boolean): void {
    this.#slots = this.#slots.filter((slot) => !isOut(slot));
  }

  /** In the order of the slots. One host needs no weighing. */
  scores(): Float64Array {
    const slots = this.#slots;
    const scores = this.scratch(slots.length).fill(0);
    if (slots.length < 2) return scores;
    for (const column of this.columns) {
      const scale = scaleOf(slots, column);
      if (scale) addTo(scores, slots, column, scale);
    }
    for (let index = 0; index < scores.length; index++) scores[index] = rounded(scores[index] ?? 0);
    return scores;
  }

  /** The slots of the best so many, best first. */
  best(count: number, scores = this.scores()): readonly number[] {
    const slots = this.#slots;
    const top: number[] = [];
    // By their places in the list; the places of the best so far are kept in order.
    let floor = Number.NEGATIVE_INFINITY;
    for (let place = 0; place < slots.length; place++) {
      const score = scores[place] ?? 0;
      if (score < floor) continue;
      const last = top[top.length - 1];
      const isFull = top.length >= count;
      if (isFull && last !== undefined && !this.#isBefore(scores, place, last)) continue;
      let at = top.length;
      for (let above = top[at - 1]; above !== undefined && this.#isBefore(scores, place, above); above = top[at - 1])
        at--;
      top.splice(at, 0, place);
      if (top.length > count) top.pop();
      if (top.length >= count) floor = scores[top[top.length - 1] ?? 0] ?? floor;
    }
    return top.map((place) => slots[place] ?? 0);
  }

  /** What made the scores of some hosts. */
  explain(slots: readonly number[]): readonly { readonly score: number; readonly weights: readonly ScoredWeight[] }[] {
    const scales = this.columns.map((column) => (this.#slots.length < 2 ? undefined : scaleOf(this.#slots, column)));
    return slots.map((slot) => {
      const weights = this.columns.map((column, index): ScoredWeight => {
        const raw = column.weights[slot] ?? Number.NaN;
        const scale = scales[index];
        const normalised = scale ? normal(raw, scale) : 0;
        const multiplier = column.uniform ?? column.multipliers[slot] ?? 0;
        return { weigher: column.weigher, raw: Number.isNaN(raw) ? 0 : raw, normalised, multiplier };
      });
      return { score: weights.reduce((sum, each) => sum + each.multiplier * each.normalised, 0), weights };
    });
  }

  #isBefore(scores: Float64Array, one: number, other: number): boolean {
    const difference = (scores[one] ?? 0) - (scores[other] ?? 0);
    if (difference !== 0) return difference > 0;
    return this.seed === undefined ? one < other : this.#lot(one, this.seed) < this.#lot(other, this.seed);
  }

  /** A number that a slot draws. */
  #lot(place: number, seed: number): number {
    const mixed = Math.imul(((this.#slots[place] ?? 0) + 1) ^ seed, 0x9e3779b1);
    return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> 0;
  }
}

/** Beyond some size a number has no such digits. */
function rounded(score: number): number {
  return Math.abs(score) < 1e6 ? Math.round(score * PRECISION) / PRECISION : score;
}

/** Undefined where there is no span: all are 0 then. */
function scaleOf(slots: readonly number[], { weights, minimum, maximum, constant }: RankedWeights): Scale | undefined {
  let least = constant ?? Number.POSITIVE_INFINITY;
  let most = constant ?? Number.NEGATIVE_INFINITY;
  let gaps = 0;
  for (let index = constant === undefined ? 0 : slots.length; index < slots.length; index++) {
    const weight = weights[slots[index] ?? 0] ?? Number.NaN;
    if (weight < least) least = weight;
    if (weight > most) most = weight;
    if (Number.isNaN(weight)) gaps++;
  }
  if (least > most) return undefined;
  const low = minimum ?? clamp(least, minimum, maximum);
  const high = maximum ?? clamp(most, minimum, maximum);
  return high === low ? undefined : { low, high, hasGaps: gaps > 0 };
}

function addTo(scores: Float64Array, slots: readonly number[], column: RankedWeights, scale: Scale): void {
  const { weights, multipliers, uniform } = column;
  const { low, high } = scale;
  if (uniform !== undefined && !scale.hasGaps) {
    // Nearly always so: this is what a request costs for each host and weigher.
    const factor = uniform / (high - low);
    for (let index = 0; index < slots.length; index++) {
      const weight = weights[slots[index] ?? 0] ?? 0;
      scores[index] = (scores[index] ?? 0) + (Math.min(Math.max(weight, low), high) - low) * factor;
    }
    return;
  }
  for (let index = 0; index < slots.length; index++) {
    const slot = slots[index] ?? 0;
    const multiplier = uniform ?? multipliers[slot] ?? 0;
    scores[index] = (scores[index] ?? 0) + multiplier * normal(weights[slot] ?? Number.NaN, scale);
  }
}

function normal(weight: number, { low, high }: Scale): number {
  return Number.isNaN(weight) ? 0 : (clamp(weight, low, high) - low) / (high - low);
}

function clamp(weight: number, minimum: number | undefined, maximum: number | undefined): number {
  if (minimum !== undefined && weight < minimum) return minimum;
  return maximum !== undefined && weight > maximum ? maximum : weight;
}
