import type { DecisionStage } from "@kilonova/contracts";
import type { HostRefusal } from "@kilonova/plugin-api";

/** So many hosts that were dropped for one reason are named. */
const SAMPLE = 3;

/** So many reasons of one stage are told apart. */
const MOST_DROPS = 50;
const OTHER: HostRefusal = { code: "other", words: "are dropped for other reasons" };

/** Hosts dropped for one reason. */
export interface StageDrop {
  readonly refusal: HostRefusal;
  hosts: number;
  /** Slots of some of them. */
  readonly sample: number[];
}

/** One step that drops hosts, and what it dropped. */
export class Stage {
  readonly #drops = new Map<string, StageDrop>();
  hostsIn: number;
  hostsOut: number;
  /** Milliseconds that its plugin took. */
  milliseconds = 0;

  constructor(
    readonly plugin: string,
    readonly kind: DecisionStage["kind"],
    hostsIn: number,
  ) {
    this.hostsIn = hostsIn;
    this.hostsOut = hostsIn;
  }

  get drops(): readonly StageDrop[] {
    return [...this.#drops.values()];
  }

  /** Notes that a host is dropped. @param known where the caller has what this reason came to so far */
  drop(slot: number, refusal: HostRefusal, known = this.#dropFor(refusal)): StageDrop {
    known.hosts++;
    this.hostsOut--;
    if (known.sample.length < SAMPLE) known.sample.push(slot);
    return known;
  }

  /** Takes back what `drop` noted of a host. */
  takeBack(slot: number, drop: StageDrop): void {
    drop.hosts--;
    this.hostsOut++;
    const at = drop.sample.indexOf(slot);
    if (at >= 0) drop.sample.splice(at, 1);
    if (drop.hosts === 0) this.#drops.delete(keyOf(drop.refusal));
  }

  /** Notes that so many more hosts come to it and pass; fewer where that is negative. */
  pass(hosts: number): void {
    this.hostsIn += hosts;
    this.hostsOut += hosts;
  }

  #dropFor(refusal: HostRefusal): StageDrop {
    const key = keyOf(refusal);
    const known = this.#drops.get(key);
    if (known) return known;
    // A plugin may have other words for each host.
    if (this.#drops.size >= MOST_DROPS && refusal !== OTHER) return this.#dropFor(OTHER);
    const made: StageDrop = { refusal, hosts: 0, sample: [] };
    this.#drops.set(key, made);
    return made;
  }
}

function keyOf({ code, words }: HostRefusal): string {
  return `${code}\n${words}`;
}
