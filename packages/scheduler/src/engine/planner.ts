import { type Candidate, withTaken } from "@kilonova/candidates";
import type { Destination, Provider, Selection } from "@kilonova/contracts";
import type { HostState, SchedulingRequest, SelectDestinations } from "@kilonova/plugin-api";
import type { GuardedFilter } from "../chain/guarded-filter.js";
import type { HostTable } from "../hosts/host-table.js";
import { type Evaluation, ownWeights, rankedWeights } from "./evaluation.js";
import { fitting } from "./fitting.js";
import { Ranking, type ScoredWeight } from "./ranking.js";

/** So many of the best hosts have their scores told. */
const TOLD = 20;
/** Among how many of the best a host is picked at most, after so many refused claims. */
const WIDEST = 64;

/** A host's score, and what made it. */
export interface PlanScore {
  readonly host: HostState;
  readonly score: number;
  readonly weights: readonly ScoredWeight[];
}

/** Where the servers would go; fewer than asked where hosts ran out. */
export interface Plan {
  readonly evaluation: Evaluation;
  readonly shared: boolean;
  readonly selections: readonly Selection[];
  /** Of the best, before anything was taken. */
  readonly scores: readonly PlanScore[];
  /** Providers as they are once the servers are where they would go. */
  readonly overrides: ReadonlyMap<string, Provider>;
  /** The request as the next server would ask it. */
  readonly request: SchedulingRequest;
}

export interface PlannerSettings {
  readonly hostSubsetSize: number;
  readonly shuffleBestSameWeighedHosts: boolean;
  readonly maxAttempts: number;
}

/** Chooses hosts out of an evaluation, for one server after the other, as each that is placed changes what is left. */
export class Planner {
  #scores = new Float64Array(1_024);

  constructor(
    private readonly hosts: HostTable,
    private readonly settings: PlannerSettings,
  ) {}

  /** @param refusals how many claims of this request were refused: who was refused looks further than the very best */
  plan(evaluation: Evaluation, shared: boolean, args: SelectDestinations, refusals: number): Plan {
    const among = (slots: readonly number[]) =>
      new Planning(this.hosts, this.settings, evaluation, slots, args, this.#scratch).run(shared, refusals);
    const best = among(evaluation.slots);
    const { request, compiled } = evaluation.task;
    const count = args.servers.length;
    if (best.selections.length === count || request.group?.policy !== "affinity" || !compiled) return best;
    // The best host for the first has no room for those that have to follow it there; another may have.
    const { index } = this.hosts.mirror;
    const together = among(evaluation.slots.filter((slot) => fitting(index, slot, compiled, count) === count));
    return together.selections.length === count ? together : best;
  }

  /** One array for all plans: none of them waits, so that no two need it at once. */
  readonly #scratch = (length: number): Float64Array<ArrayBuffer> => {
    if (this.#scores.length < length) this.#scores = new Float64Array(2 * length);
    return this.#scores.subarray(0, length);
  };
}

/** One plan while it is made. */
class Planning {
  readonly #ranking: Ranking;
  readonly #overrides = new Map<string, Provider>();
  /** The hosts that something is put on, by slot, as they are then. */
  readonly #imagined = new Map<number, HostState>();
  readonly #chosen: { readonly host: HostState; readonly destination: Destination }[] = [];
  readonly #weights;
  #request: SchedulingRequest;

  constructor(
    private readonly hosts: HostTable,
    private readonly settings: PlannerSettings,
    private readonly evaluation: Evaluation,
    slots: readonly number[],
    private readonly args: SelectDestinations,
    scratch: (length: number) => Float64Array<ArrayBuffer>,
  ) {
    this.#request = evaluation.task.request;
    this.#weights = args.servers.length > 1 ? ownWeights(evaluation) : rankedWeights(evaluation);
    const seed = settings.shuffleBestSameWeighedHosts ? Math.floor(Math.random() * 2 ** 32) : undefined;
    this.#ranking = new Ranking(slots, this.#weights, seed, scratch);
  }

  run(shared: boolean, refusals: number): Plan {
    const { servers } = this.args;
    const width = Math.max(this.settings.hostSubsetSize, Math.min(2 ** refusals, WIDEST));
    const wanted = Math.min(this.args.alternates, this.settings.maxAttempts - 1);
    const first = this.#ranking.best(Math.max(TOLD, width + wanted));
    const scores = this.#scoresOf(first.slice(0, TOLD));
    let best = first;
    while (this.#chosen.length < servers.length && best.length > 0) {
      const slot = best[Math.floor(Math.random() * Math.min(width, best.length))];
      if (slot === undefined) break;
      this.#choose(slot);
      if (servers.length > 1 || this.#chosen.length === 0) best = this.#ranking.best(width);
    }
    const next = wanted === 0 ? [] : servers.length > 1 ? this.#ranking.best(wanted + 1) : best;
    return {
      evaluation: this.evaluation,
      shared,
      scores,
      selections: this.#selections(next, wanted),
      overrides: this.#overrides,
      request: this.#request,
    };
  }

  /** Puts the next server on a host, where it has room by then; else the host is out. */
  #choose(slot: number): void {
    const host = this.hosts.at(slot);
    const candidate = this.#candidateAt(slot);
    if (!host || !candidate) {
      this.#ranking.remove((each) => each === slot);
      return;
    }
    this.#chosen.push({ host, destination: destinationOn(host, candidate) });
    if (this.args.servers.length > 1) this.#imagine(slot, host, candidate);
  }

  /** What the next server takes there; undefined where there is no room for it by then. */
  #candidateAt(slot: number): Candidate | undefined {
    const { compiled } = this.evaluation.task;
    if (!compiled) return { rootId: this.hosts.at(slot)?.providerId ?? "", allocations: [], mappings: {} };
    return this.hosts.mirror.index.candidatesAt(slot, compiled, { limit: 1, overrides: this.#overrides })[0];
  }

  /** Shows to the next server what this one takes. */
  #imagine(slot: number, host: HostState, { allocations }: Candidate): void {
    const { index } = this.hosts.mirror;
    for (const { providerId, resources } of allocations) {
      const provider = this.#overrides.get(providerId) ?? index.get(providerId);
      if (provider) this.#overrides.set(providerId, withTaken(provider, resources));
    }
    this.#request = withMember(this.#request, host.providerId);
    const after = this.hosts.imagine(slot, this.#overrides);
    if (after) this.#imagined.set(slot, after);
    if (!after || !this.#isOpen(slot, after)) this.#ranking.remove((each) => each === slot);
    else this.#weighAgain(slot, after);
    this.#lookAround();
  }

  #isOpen(slot: number, host: HostState): boolean {
    const { task } = this.evaluation;
    if (task.compiled && !this.hosts.mirror.index.hasRoom(slot, task.compiled, this.#overrides)) return false;
    return this.#filters().every((filter) => filter.verdict(host, this.#request) === true);
  }

  /** Those that look at where other servers are have their say anew, of all hosts. */
  #lookAround(): void {
    for (const filter of this.#filters()) {
      if (!filter.seesServers) continue;
      const slots = [...this.#ranking.slots];
      const dropped = new Set<number>();
      filter.ask(this.#states(slots), this.#request, (index, verdict) => {
        if (verdict !== true) dropped.add(slots[index] ?? -1);
      });
      if (dropped.size > 0) this.#ranking.remove((slot) => dropped.has(slot));
    }
    for (const [at, { weigher }] of this.evaluation.weighers.entries()) {
      if (!weigher.seesServers) continue;
      const slots = this.#ranking.slots;
      weigher.weigh(this.#states(slots), this.#request, (index, weight) => {
        this.#note(at, slots[index] ?? 0, weight);
      });
    }
  }

  /** Those that see servers may have nothing to say of the first and something of the next, who is not alone any more. */
  #filters(): readonly GuardedFilter[] {
    const { task, filters } = this.evaluation;
    const asked = new Set(filters.map(({ filter }) => filter));
    return task.chain.filters.filter(
      (filter) => asked.has(filter) || (filter.seesServers && filter.concerns(this.#request)),
    );
  }

  #weighAgain(slot: number, host: HostState): void {
    for (const [at, { weigher }] of this.evaluation.weighers.entries()) {
      weigher.weigh([host], this.#request, (_index, weight) => this.#note(at, slot, weight));
    }
  }

  #note(at: number, slot: number, weight: number): void {
    const weights = this.#weights[at]?.weights;
    if (weights) weights[slot] = weight;
  }

  #states(slots: readonly number[]): readonly HostState[] {
    return slots.flatMap((slot) => this.#imagined.get(slot) ?? this.hosts.at(slot) ?? []);
  }

  #scoresOf(slots: readonly number[]): readonly PlanScore[] {
    const explained = this.#ranking.explain(slots);
    return slots.flatMap((slot, index) => {
      const [host, score] = [this.hosts.at(slot), explained[index]];
      return host && score ? [{ host, ...score }] : [];
    });
  }

  #selections(next: readonly number[], wanted: number): readonly Selection[] {
    return this.#chosen.flatMap(({ host, destination }, index) => {
      const server = this.args.servers[index];
      if (!server) return [];
      const alternates = next.flatMap((slot) => {
        const other = this.hosts.at(slot);
        const candidate = other && other.providerId !== host.providerId ? this.#candidateAt(slot) : undefined;
        return other && candidate ? [destinationOn(other, candidate)] : [];
      });
      return [{ serverId: server.serverId, destination, alternates: alternates.slice(0, wanted) }];
    });
  }
}

function destinationOn({ host, node, providerId }: HostState, { allocations }: Candidate): Destination {
  return { host, node, providerId, allocations: [...allocations] };
}

/** The request as the group's next member asks it, once one more is on a host. */
function withMember(request: SchedulingRequest, providerId: string): SchedulingRequest {
  if (!request.group) return request;
  const groupMembers = new Map(request.groupMembers);
  groupMembers.set(providerId, (groupMembers.get(providerId) ?? 0) + 1);
  return { ...request, groupMembers };
}
