import { inspect } from "node:util";
import { aggregateValues, type HostState, type HostWeigher, type SchedulingRequest } from "@kilonova/plugin-api";
import type { PluginGuard, PluginTurn } from "./plugin-guard.js";

const BATCH = 256;

/** Told the weight of each host, by its place in the list; not a number where the weigher cannot say. */
export type NoteWeight = (index: number, weight: number, lasts: boolean) => void;

/** A weigher, how much it counts in its profile, and the guard that stands round it. */
export class GuardedWeigher {
  /** How much it counts where no aggregate says otherwise. */
  readonly weight: number;

  /** @param weight how much it counts by its profile; undefined: by its own option */
  constructor(
    readonly weigher: HostWeigher,
    readonly guard: PluginGuard,
    weight: number | undefined,
  ) {
    const own: unknown = weight === undefined ? weigher.weight : weigher.weightSign * weight;
    this.weight = typeof own === "number" && Number.isFinite(own) ? own : 0;
    if (this.weight !== own) guard.failed(new TypeError(`its weight is ${inspect(own)}, which is no finite number`));
  }

  get name(): string {
    return this.guard.origin.name;
  }

  get seesServers(): boolean {
    return this.weigher.seesServers;
  }

  /** False where it counts nothing on any host. @param aggregateKeys what the metadata of some aggregate has */
  counts(aggregateKeys: ReadonlySet<string>): boolean {
    return this.weight !== 0 || aggregateKeys.has(this.weigher.weightKey ?? "");
  }

  concerns(request: SchedulingRequest, aggregateKeys: ReadonlySet<string>): boolean {
    if (!this.counts(aggregateKeys)) return false;
    if (!this.weigher.concerns) return true;
    return this.guard.begin().ask(() => this.weigher.concerns?.(request)) !== false;
  }

  signature(request: SchedulingRequest): string | undefined {
    if (!this.weigher.signature) return undefined;
    const signature: unknown = this.guard.begin().ask(() => this.weigher.signature?.(request));
    return typeof signature === "string" ? signature : undefined;
  }

  /** How much it counts on a host: the least that its aggregates say, or its weight. What is no number is passed over. */
  multiplier(host: HostState): number {
    const { weightKey } = this.weigher;
    if (weightKey === undefined || host.aggregates.length === 0) return this.weight;
    const said = aggregateValues(host, weightKey)
      .map((text) => (text.trim() === "" ? Number.NaN : Number(text)))
      .filter(Number.isFinite);
    return said.length === 0 ? this.weight : this.weigher.weightSign * Math.min(...said);
  }

  /** Weighs hosts, each told to `note` once. @returns milliseconds it took */
  weigh(hosts: readonly HostState[], request: SchedulingRequest, note: NoteWeight): number {
    if (hosts.length === 0) return 0;
    const turn = this.guard.begin(hosts.length);
    const ready = this.guard.isOpen
      ? { problem: "it is not asked for a while" }
      : turn.prepare(() => this.weigher.prepare?.(request));
    for (let start = 0; start < hosts.length; start += BATCH) {
      const batch = hosts.slice(start, start + BATCH);
      if ("problem" in ready || turn.isOver) for (const index of batch.keys()) note(start + index, Number.NaN, false);
      else this.#weighBatch(turn, batch, request, ready.prepared, start, note);
    }
    turn.end();
    return turn.spent;
  }

  #weighBatch(
    turn: PluginTurn,
    hosts: readonly HostState[],
    request: SchedulingRequest,
    prepared: unknown,
    start: number,
    note: NoteWeight,
  ): void {
    const { weigher } = this;
    const together = turn.attempt(() => {
      const answer: unknown =
        weigher.weighHosts?.(hosts, request, prepared) ?? hosts.map((host) => weigher.weigh(host, request, prepared));
      return Array.isArray(answer) && answer.length === hosts.length && answer.every(Number.isFinite)
        ? answer
        : undefined;
    });
    if (together) {
      for (const [index, weight] of together.entries()) note(start + index, weight, true);
      return;
    }
    // Asked about each by itself, it will be well for most.
    for (const [index, host] of hosts.entries()) {
      const weight = turn.ask(() => finite(weigher.weigh(host, request, prepared)), host.host);
      note(start + index, weight ?? Number.NaN, weight !== undefined);
    }
  }
}

function finite(answer: unknown): number {
  if (typeof answer === "number" && Number.isFinite(answer)) return answer;
  throw new TypeError(`it answered ${inspect(answer, { depth: 0 })}, which is no finite number`);
}
