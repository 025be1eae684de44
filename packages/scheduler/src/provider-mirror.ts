import { ProviderIndex, withTaken } from "@kilonova/candidates";
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
  /** Told of the id of each provider that changed. */
  onChange: (providerId: string) => void = () => {};

  readonly #told = new Map<string, Provider>();
  readonly #takings = new Map<string, Set<Taking>>();
  readonly #run = new NextRun(() => this.#follow());
  #sequence: number | undefined;
  #isCheckDue = false;
  #runs = 0;
  #freshAt = Number.NEGATIVE_INFINITY;
  #inFlight = 0;
  #settled: (() => void)[] = [];

  constructor(
    private readonly placement: RpcClient<Placement>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

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

  /** Shows claims before they are made. */
  reserve(allocations: readonly Allocation[]): Reservation {
    const taking: Taking = { allocations, madeDuring: undefined };
    for (const { providerId } of allocations) this.#takingsOf(providerId).add(taking);
    this.#refreshAll(allocations);
    this.#inFlight++;
    return {
      confirm: () => {
        taking.madeDuring = this.#runs;
        this.#land();
      },
      withdraw: () => {
        this.#forget(taking);
        this.#land();
      },
    };
  }

  /**
   * The providers on which claims of this process lie that may fail, or may be counted twice until placement has told of
   * them: as placement tells, without those claims.
   */
  contested(): readonly Provider[] {
    return [...this.#takings.keys()].flatMap((id) => this.#told.get(id) ?? []);
  }

  /** Resolves when no claim of this process is on its way. */
  async landed(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#settled.push(resolve));
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
    this.#told.set(provider.id, provider);
    this.#refresh(provider.id);
  }

  #drop(id: string): void {
    this.#told.delete(id);
    this.#refresh(id);
  }

  #land(): void {
    this.#inFlight--;
    if (this.#inFlight === 0) for (const settled of this.#settled.splice(0)) settled();
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
    if (provider) this.index.set(provider);
    else this.index.delete(id);
    this.onChange(id);
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
