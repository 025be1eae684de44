import type { Provider, ResourceRequest } from "@kilonova/contracts";
import { type Candidate, candidateOf } from "./candidate.js";
import { type CompiledRequest, compileRequest } from "./compiled-request.js";
import { Forest } from "./forest.js";
import type { Lack } from "./lack.js";
import { matchingSlots } from "./matching.js";
import { treeLacks } from "./tree-lacks.js";
import { canServe, TreeSearch } from "./tree-search.js";

/**
 * Providers as a request imagines them, by id, in place of what the index holds. What they have and what is taken may
 * differ, traits and aggregates as well; where they stand in their tree and who shares with whom stays as it is.
 */
export type Overrides = ReadonlyMap<string, Provider>;

export interface CandidatesAtOptions {
  /** At most so many. */
  readonly limit?: number;
  readonly overrides?: Overrides;
}

export interface CandidatesOptions {
  /** At most so many in all. */
  readonly limit?: number;
  /** `depth-first`, as where nothing is said: all of one tree, then the next. `breadth-first`: one of each in turn. */
  readonly strategy?: "depth-first" | "breadth-first";
}

const NONE: ReadonlySet<number> = new Set();

/**
 * Providers in memory, indexed so that a request looks only at the trees that may serve it. Whoever mirrors placement
 * keeps it up to date with `set` and `delete`.
 *
 * Each tree whose root is known has a slot: a small integer that stays while the root is there and is given to another
 * later. Others keep what they know of hosts in arrays by slot.
 */
export class ProviderIndex {
  readonly #forest = new Forest();

  /** How many providers there are. */
  get size(): number {
    return this.#forest.size;
  }

  /** All slots are below this. */
  get slots(): number {
    return this.#forest.slots;
  }

  get(id: string): Provider | undefined {
    return this.#forest.get(id);
  }

  values(): IterableIterator<Provider> {
    return this.#forest.values();
  }

  /** Notes a provider as it is now. Those of a tree may come in any order; without its root a tree serves nobody. */
  set(provider: Provider): void {
    this.#forest.set(provider);
  }

  delete(id: string): void {
    this.#forest.delete(id);
  }

  slotOf(rootId: string): number | undefined {
    return this.#forest.slotOf(rootId);
  }

  rootAt(slot: number): Provider | undefined {
    return this.#forest.rootAt(slot);
  }

  /** The providers of a tree, the root first, the others by name; empty where there is no such root. */
  tree(rootId: string): readonly Provider[] {
    return this.#forest.tree(rootId);
  }

  /** Slots whose root has a trait. Good until the next change. */
  slotsWithTrait(trait: string): ReadonlySet<number> {
    return this.#forest.traits.get(trait)?.roots ?? NONE;
  }

  /** Slots whose root is in an aggregate. Good until the next change. */
  slotsInAggregate(aggregate: string): ReadonlySet<number> {
    return this.#forest.aggregates.get(aggregate)?.roots ?? NONE;
  }

  /** Reads a request, once for all looks at it. */
  compile(request: ResourceRequest): CompiledRequest {
    return compileRequest(request);
  }

  /**
   * Slots of all trees that can serve the request now, ascending. `within`: look at these alone.
   *
   * What is asked of one tree is bounded (see `MOST_STEPS`), and so is what is asked of all together: after a million
   * steps each tree has but a hundred.
   */
  matching(request: CompiledRequest, within?: Iterable<number>): number[] {
    return matchingSlots(this.#forest, request, within);
  }

  /** True where the tree can serve the request. */
  hasRoom(slot: number, request: CompiledRequest, overrides?: Overrides): boolean {
    const view = this.#forest.view(slot, overrides);
    return view !== undefined && canServe(view, request);
  }

  /** All that keeps the tree from serving the request, for words to users; empty where it has room or is not there. */
  lacks(slot: number, request: CompiledRequest, overrides?: Overrides): readonly Lack[] {
    const view = this.#forest.view(slot, overrides);
    if (!view) return [];
    return treeLacks(view, request);
  }

  /** The ways in which the tree can serve the request, in a stable order: parts with the fewest choices first. */
  candidatesAt(slot: number, request: CompiledRequest, options: CandidatesAtOptions = {}): readonly Candidate[] {
    const { limit = Number.POSITIVE_INFINITY, overrides } = options;
    const found: Candidate[] = [];
    if (limit <= 0) return found;
    for (const candidate of this.#ways(slot, request, overrides)) {
      found.push(candidate);
      if (found.length >= limit) break;
    }
    return found;
  }

  /**
   * The ways in which any tree can serve the request. What trees have in common, by way of sharing, is told once. There
   * may be very many: who answers strangers sets a limit.
   */
  candidates(request: ResourceRequest, options: CandidatesOptions = {}): readonly Candidate[] {
    const { limit = Number.POSITIVE_INFINITY, strategy = "depth-first" } = options;
    const compiled = this.compile(request);
    const found: Candidate[] = [];
    const told = new Set<string>();
    let open = this.matching(compiled).map((slot) => this.#ways(slot, compiled));
    while (open.length > 0 && found.length < limit) {
      const still: typeof open = [];
      for (const ways of open) {
        if (found.length >= limit) break;
        let next = ways.next();
        for (; !next.done; next = ways.next()) {
          if (isNew(next.value, told)) found.push(next.value);
          if (strategy === "breadth-first" || found.length >= limit) break;
        }
        if (!next.done) still.push(ways);
      }
      open = still;
    }
    return found;
  }

  *#ways(slot: number, request: CompiledRequest, overrides?: Overrides): Generator<Candidate, void> {
    const view = this.#forest.view(slot, overrides);
    if (!view) return;
    const search = new TreeSearch(view, request);
    while (search.next()) yield candidateOf(view, request, search.picked);
  }
}

function isNew({ allocations, mappings }: Candidate, told: Set<string>): boolean {
  if (Object.keys(mappings).length === 0) return true;
  const before = told.size;
  return told.add(JSON.stringify([allocations, mappings])).size > before;
}
