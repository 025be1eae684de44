import type { HostAggregate, RequestGroup, ResourceRequest } from "@kilonova/contracts";
import type { ResourceRequestDraft } from "@kilonova/plugin-api";
import type { AskedResources } from "./resource-request.js";

/** Why hosts are dropped by what a request filter asked for, in words: by aggregate list. */
export type AggregateWords = ReadonlyMap<string, string>;

/** What a request asks of placement while request filters add to it. */
export class RequestDraft implements ResourceRequestDraft {
  readonly #requiredTraits = new Set<string>();
  readonly #forbiddenTraits = new Set<string>();
  readonly #anyTraits: string[][] = [];
  readonly #memberOf: string[][] = [];
  readonly #notMemberOf = new Set<string>();
  readonly #words = new Map<string, string>();

  constructor(
    private readonly asked: AskedResources,
    readonly aggregates: readonly HostAggregate[],
    readonly defaultAvailabilityZone: string,
  ) {}

  get resources(): Readonly<Record<string, number>> {
    const sums: Record<string, number> = {};
    for (const { resources } of this.asked.groups) {
      for (const [name, amount] of Object.entries(resources)) sums[name] = (sums[name] ?? 0) + amount;
    }
    return sums;
  }

  get requiredTraits(): ReadonlySet<string> {
    const own = this.asked.groups.flatMap(({ required }) => required.flatMap((any) => (any.length === 1 ? any : [])));
    return new Set([...own, ...this.#requiredTraits]);
  }

  get forbiddenTraits(): ReadonlySet<string> {
    return new Set([...this.asked.groups.flatMap(({ forbidden }) => forbidden), ...this.#forbiddenTraits]);
  }

  /** Why hosts outside of a list of aggregates, or within, are dropped: by {@link aggregateKey}. */
  get words(): AggregateWords {
    return this.#words;
  }

  requireTrait(trait: string): void {
    this.#requiredTraits.add(trait);
  }

  requireAnyTrait(traits: readonly string[]): void {
    this.#anyTraits.push([...traits]);
  }

  forbidTrait(trait: string): void {
    this.#forbiddenTraits.add(trait);
  }

  requireAggregate(uuids: readonly string[], words?: string): void {
    this.#memberOf.push([...uuids]);
    if (words !== undefined) this.#words.set(aggregateKey(uuids), words);
  }

  forbidAggregate(uuids: readonly string[], words?: string): void {
    for (const uuid of uuids) {
      this.#notMemberOf.add(uuid);
      if (words !== undefined) this.#words.set(aggregateKey([uuid]), words);
    }
  }

  /** @param groups in place of those that were asked for, the first without a suffix */
  finished(groups: readonly RequestGroup[] = this.asked.groups): ResourceRequest {
    const [first, ...others] = groups;
    if (!first) throw new TypeError("a request has a group without a suffix");
    const own: RequestGroup = {
      ...first,
      required: [...first.required, ...this.#anyTraits],
      memberOf: [...first.memberOf, ...this.#memberOf],
      notMemberOf: [...first.notMemberOf, ...this.#notMemberOf],
    };
    return {
      groups: [own, ...others],
      groupPolicy: this.asked.groupPolicy,
      rootRequired: [...this.#requiredTraits],
      rootForbidden: [...this.#forbiddenTraits],
      sameSubtree: [],
    };
  }
}

/** Names a list of aggregates, in any order. */
export function aggregateKey(uuids: readonly string[]): string {
  return uuids.toSorted().join(",");
}
