import { inspect } from "node:util";
import type { RequestSpec } from "@kilonova/contracts";
import type { HostState, HostWeigher } from "@kilonova/plugin-api";
import type { PluginFailures } from "./plugin-failures.js";

/** Scores that differ by less than this are the same: the rest is rounding. */
const PRECISION = 1e9;

/** One weigher's words on each host. */
interface Column {
  readonly weigher: HostWeigher;
  readonly weights: number[];
  readonly multipliers: number[];
}

/**
 * Hosts by how good they are for a request. One of them may change; the others are not weighed again. A weigher that
 * fails on a host counts nothing there.
 */
export class Ranking {
  readonly #hosts: HostState[];
  readonly #ties: number[];
  readonly #columns: readonly Column[];

  /** @param random where hosts of the same score are to be in random order, numbers from 0 to 1 */
  constructor(
    hosts: readonly HostState[],
    weighers: readonly HostWeigher[],
    private readonly request: RequestSpec,
    private readonly failures: PluginFailures,
    random: (() => number) | undefined,
  ) {
    this.#hosts = [...hosts];
    this.#ties = hosts.map((_, index) => random?.() ?? index);
    this.#columns = weighers.map((weigher) => ({
      weigher,
      weights: hosts.map((host) => this.#weightOf(weigher, host)),
      multipliers: hosts.map((host) => this.#multiplierOf(weigher, host)),
    }));
  }

  get size(): number {
    return this.#hosts.length;
  }

  /** Another state of a host. */
  replace(index: number, host: HostState): void {
    this.#hosts[index] = host;
    for (const { weigher, weights, multipliers } of this.#columns) {
      weights[index] = this.#weightOf(weigher, host);
      multipliers[index] = this.#multiplierOf(weigher, host);
    }
  }

  /** A host that is out of the question from now on. The last takes its place. */
  remove(index: number): void {
    for (const list of [
      this.#hosts,
      this.#ties,
      ...this.#columns.flatMap((each) => [each.weights, each.multipliers]),
    ]) {
      removeAt(list as unknown[], index);
    }
  }

  /** The sum over all weighers of multiplier x normalised weight, host by host. */
  scores(): readonly number[] {
    const scores = new Array<number>(this.#hosts.length).fill(0);
    if (scores.length < 2) return scores;
    for (const { weigher, weights, multipliers } of this.#columns) {
      const normalised = normalise(weights, weigher.minimum, weigher.maximum);
      for (let index = 0; index < scores.length; index++) {
        scores[index] = (scores[index] ?? 0) + (multipliers[index] ?? 0) * (normalised[index] ?? 0);
      }
    }
    return scores;
  }

  /** The best, best first: index and state. */
  best(count: number): readonly { readonly index: number; readonly host: HostState }[] {
    const scores = this.scores().map((score) => Math.round(score * PRECISION));
    const before = (one: number, other: number) =>
      (scores[other] ?? 0) - (scores[one] ?? 0) || (this.#ties[one] ?? 0) - (this.#ties[other] ?? 0);
    const top: number[] = [];
    for (let index = 0; index < scores.length; index++) {
      const last = top.at(-1);
      if (top.length >= count && last !== undefined && before(index, last) >= 0) continue;
      let place = top.length;
      for (let above = top[place - 1]; above !== undefined && before(index, above) < 0; above = top[place - 1]) place--;
      top.splice(place, 0, index);
      if (top.length > count) top.pop();
    }
    return top.flatMap((index) => {
      const host = this.#hosts[index];
      return host ? { index, host } : [];
    });
  }

  /** Not a number where the weigher failed: on the scale that is its lower end. */
  #weightOf(weigher: HostWeigher, host: HostState): number {
    return this.#numberOf(weigher, host, () => weigher.weigh(host, this.request)) ?? Number.NaN;
  }

  #multiplierOf(weigher: HostWeigher, host: HostState): number {
    return this.#numberOf(weigher, host, () => weigher.multiplier(host)) ?? 0;
  }

  #numberOf(weigher: HostWeigher, host: HostState, ask: () => unknown): number | undefined {
    try {
      const answer = ask();
      if (typeof answer === "number" && Number.isFinite(answer)) return answer;
      throw new TypeError(`it answered ${inspect(answer, { depth: 0 })}, which is no finite number`);
    } catch (failure) {
      this.failures.note("weigher", weigher.constructor.name, host.host, failure);
      return undefined;
    }
  }
}

/**
 * Weights on a scale from 0 to 1: (w - min) / (max - min), or 0 where there is no span. Where an end of the scale is
 * fixed, weights beyond it are clamped to it. What is no number is 0.
 */
export function normalise(weights: readonly number[], minimum?: number, maximum?: number): number[] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const clamped = weights.map((weight) => {
    const value = Math.min(Math.max(weight, minimum ?? weight), maximum ?? Number.POSITIVE_INFINITY);
    if (Number.isNaN(value)) return value;
    least = Math.min(least, value);
    most = Math.max(most, value);
    return value;
  });
  const [low, high] = [minimum ?? least, maximum ?? most];
  if (high === low) return clamped.fill(0);
  return clamped.map((weight) => (Number.isNaN(weight) ? 0 : (weight - low) / (high - low)));
}

function removeAt(list: unknown[], index: number): void {
  const last = list.pop();
  if (index < list.length) list[index] = last;
}
