import { isDeepStrictEqual } from "node:util";
import { ProviderIndex, SHARES_VIA_AGGREGATE, withTaken } from "@kilonova/candidates";
import type { Allocation, Placement, Provider } from "@kilonova/contracts";
import { RequestContext, type RpcClient } from "@kilonova/messaging";
import type { Clock, Logger } from "@kilonova/plugin-api";
import { NextRun } from "./next-run.js";

const PAGE = 1000;
/** Milliseconds for one page of placement's. */
const PATIENCE = 10_000;

/** What was claimed here and may not have been told of by placement yet. */
interface Taking {
  readonly allocations: readonly Allocation[];
  /** How many runs had begun when the claim was known to be made; undefined while it is on its way. */
  madeDuring: number | undefined;
}

/** A claim on its way: it shows in the mirror from the start. */
export interface Reservation {
  /** It is made: shown until placement itself tells of it. */
  confirm(): void;
  /** It is not. */
  withdraw(): void;
}

/**
 * Placement's providers in memory. A full read, then the feed of changes; a full check from time to time repairs what
 * was missed. On top of what placement tells lies what this process claims, from the moment it asks.
 */
export class ProviderMirror {
  /** As placement tells, with the claims of this process. */
  readonly index = new ProviderIndex();
  /** Told of the slot of each tree in which something changed. */
  onChange: (slot: number) => void = () => {};
  /** Told when a provider changed that shares with others: whatever trees there are may have more or less. */
  onChangeOfMany: () => void = () => {};
  /** Aggregates that a provider is in beside those that placement knows: the host aggregates of its host. */
  aggregatesOf: (providerId: string) => readonly string[] = () => [];

  readonly #told = new Map<string, Provider>();
  readonly #takings = new Map<string, Set<Taking>>();
  readonly #run = new NextRun(() => this.#follow());
  #sequence: number | undefined;
  #isCheckDue = false;
  #runs = 0;
  #freshAt = Number.NEGATIVE_INFINITY;
  /** Of each claim that is on its way: resolves when it is not any more. */
  readonly #inFlight = new Set<Promise<void>>();

  constructor(
    private readonly placement: RpcClient<Placement>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Placement's sequence number up to which it has followed; null before the first read. */
  get sequence(): number | null {
    return this.#sequence ?? null;
  }

  /** Milliseconds since it was known to be true. */
  get age(): number {
    return this.clock.now() - this.#freshAt;
  }

  /** Catches up with all that happened before the call. @throws KilonovaError `rpc.*` where placement does not answer */
  catchUp(): Promise<void> {
    return this.#run.ask();
  }

  /** Reads everything again, compares, repairs, and logs what was wrong. */
  check(): Promise<void> {
    this.#isCheckDue = true;
    return this.#run.ask();
  }

  /** Shows a provider again, since its aggregates are others by now. */
  showAgain(providerId: string): void {
    this.#refresh(providerId);
  }

  /** Shows claims before they are made. */
  reserve(allocations: readonly Allocation[]): Reservation {
    const taking: Taking = { allocations, madeDuring: undefined };
    for (const { providerId } of allocations) this.#takingsOf(providerId).add(taking);
    this.#refreshAll(allocations);
    let land = () => {};
    const landing = new Promise<void>((resolve) => {
      land = resolve;
    });
    this.#inFlight.add(landing);
    void landing.then(() => this.#inFlight.delete(landing));
    return {
      confirm: () => {
        taking.madeDuring = this.#runs;
        land();
      },
      withdraw: () => {
        this.#forget(taking);
        land();
      },
    };
  }

  /**
   * The providers on which claims of this process lie that may fail, or may be counted twice until placement has told of
   * them: without those claims, else as in the index.
   */
  contested(): readonly Provider[] {
    return [...this.#takings.keys()].flatMap((id) => {
      const told = this.#told.get(id);
      return told ? this.#withAggregates(told) : [];
    });
  }

  /** Resolves when the claims have landed that are on their way now; those that come after them keep nobody waiting. */
  async landed(): Promise<void> {
    await Promise.all(this.#inFlight);
  }

  async #follow(): Promise<void> {
    const run = ++this.#runs;
    const began = this.clock.now();
    if (this.#sequence === undefined) await this.#readAll();
    else if (this.#isCheckDue) await this.#compare(this.#sequence);
    else await this.#readChanges(this.#sequence);
    for (const taking of new Set([...this.#takings.values()].flatMap((each) => [...each]))) {
      if (taking.madeDuring !== undefined && taking.madeDuring < run) this.#forget(taking);
    }
    this.#freshAt = began;
  }

  async #readChanges(from: number): Promise<void> {
    for (let after = from, more = true; more; ) {
      const page = await this.placement.call.changes(context(), { after, limit: PAGE });
      if (page.reset) return await this.#startAgain();
      for (const provider of page.providers) this.#tell(provider);
      for (const id of page.deleted) this.#drop(id);
      after = page.sequence;
      more = page.more;
      this.#sequence = after;
    }
  }

  /** What the feed knows comes first: what is different after it was missed. */
  async #compare(sequence: number): Promise<void> {
    this.#isCheckDue = false;
    await this.#readChanges(sequence);
    const before = new Map(this.#told);
    this.#report(before, await this.#readAll());
  }

  async #startAgain(): Promise<void> {
    this.#sequence = undefined;
    await this.#readAll();
  }

  async #readAll(): Promise<ReadonlyMap<string, Provider>> {
    const found = new Map<string, Provider>();
    let sequence: number | undefined;
    for (let after: string | null = null, more = true; more; ) {
      const page: Awaited<ReturnType<typeof this.placement.call.providers>> = await this.placement.call.providers(
        context(),
        { after, limit: PAGE },
      );
      sequence ??= page.sequence;
      for (const provider of page.providers) found.set(provider.id, provider);
      after = page.providers.at(-1)?.id ?? null;
      more = page.more;
    }
    for (const id of [...this.#told.keys()]) if (!found.has(id)) this.#drop(id);
    for (const provider of found.values()) this.#tell(provider);
    this.#sequence = sequence;
    return found;
  }

  /** A difference without a newer generation is one that the feed never told of. */
  #report(before: ReadonlyMap<string, Provider>, found: ReadonlyMap<string, Provider>): void {
    const wrong = [...found.values()].filter((provider) => {
      const known = before.get(provider.id);
      return known && known.generation === provider.generation && JSON.stringify(known) !== JSON.stringify(provider);
    });
    if (wrong.length === 0) return;
    this.logger.warn(
      { providers: wrong.map(({ id }) => id).slice(0, 20) },
      `${wrong.length} providers were not as placement has them`,
    );
  }

  #tell(provider: Provider): void {
    const known = this.#told.get(provider.id);
    // The feed tells much more than once, and a check tells all: what is as it was has not changed.
    if (known?.generation === provider.generation && isDeepStrictEqual(known, provider)) return;
    this.#told.set(provider.id, provider);
    this.#refresh(provider.id);
  }

  #drop(id: string): void {
    this.#told.delete(id);
    this.#refresh(id);
  }

  #forget(taking: Taking): void {
    for (const { providerId } of taking.allocations) {
      const takings = this.#takings.get(providerId);
      takings?.delete(taking);
      if (takings?.size === 0) this.#takings.delete(providerId);
    }
    this.#refreshAll(taking.allocations);
  }

  #refreshAll(allocations: readonly Allocation[]): void {
    for (const id of new Set(allocations.map(({ providerId }) => providerId))) this.#refresh(id);
  }

  #refresh(id: string): void {
    let provider = this.#told.get(id);
    for (const taking of provider ? (this.#takings.get(id) ?? []) : []) {
      for (const { providerId, resources } of taking.allocations) {
        if (provider && providerId === id) provider = withTaken(provider, resources);
      }
    }
    const before = this.#slotOf(id);
    const known = this.index.get(id);
    if (provider) this.index.set(this.#withAggregates(provider));
    else this.index.delete(id);
    const after = this.#slotOf(id);
    if (before !== undefined) this.onChange(before);
    if (after !== undefined && after !== before) this.onChange(after);
    if ([known, provider].some((each) => each?.traits.includes(SHARES_VIA_AGGREGATE))) this.onChangeOfMany();
  }

  #slotOf(id: string): number | undefined {
    const provider = this.index.get(id);
    return provider && this.index.slotOf(provider.rootId);
  }

  #withAggregates(provider: Provider): Provider {
    const more = this.aggregatesOf(provider.id);
    return more.length === 0 ? provider : { ...provider, aggregates: [...new Set([...provider.aggregates, ...more])] };
  }

  #takingsOf(providerId: string): Set<Taking> {
    const known = this.#takings.get(providerId);
    if (known) return known;
    const made = new Set<Taking>();
    this.#takings.set(providerId, made);
    return made;
  }
}

function context(): RequestContext {
  return RequestContext.admin().within(PATIENCE);
}
