import type { HostAggregate, RequestSpec } from "@kilonova/contracts";
import type { Outlook } from "./host-filter.js";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";

/** What a request asks of placement, while request filters add to it. What one adds, the next sees. */
export interface ResourceRequestDraft {
  /** What it takes in all, by resource class. */
  readonly resources: Readonly<Record<string, number>>;
  /** Traits that the host's root must have so far, and must not. */
  readonly requiredTraits: ReadonlySet<string>;
  readonly forbiddenTraits: ReadonlySet<string>;
  /** The cloud's host aggregates. */
  readonly aggregates: readonly HostAggregate[];
  /** The zone of hosts that no aggregate puts into another. */
  readonly defaultAvailabilityZone: string;
  /** The host's root has this trait. */
  requireTrait(trait: string): void;
  /** The host's root has one of these traits at least. */
  requireAnyTrait(traits: readonly string[]): void;
  /** The host's root does not have this trait. */
  forbidTrait(trait: string): void;
  /**
   * The host is in one of these aggregates at least, by uuid.
   *
   * @param words why hosts outside are dropped, as it goes on after "hosts": `are outside zone az2`
   */
  requireAggregate(uuids: readonly string[], words?: string): void;
  /** The host is in none of these aggregates. @param words why hosts in there are dropped */
  forbidAggregate(uuids: readonly string[], words?: string): void;
}

/** A request that no host can serve, whatever hosts there are. */
export interface RequestRefusal {
  /** Stable, kebab-case. */
  readonly code: string;
  /** A clause that goes on after "No valid host can be found:": `there is no zone az9`. */
  readonly words: string;
  readonly outlook?: Outlook;
}

/**
 * Amends what a request asks of placement before any host is looked at: what can be said as a trait or an aggregate is
 * found by an index, and costs nothing for all the other hosts. `scheduler.requestFilters` names those in use, in order;
 * one object per process. Quick, synchronous, without side effects other than on the draft.
 */
export abstract class RequestFilter {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "request-filter", version: 1 };

  /** @returns why there can be no host, or undefined */
  abstract amend(request: RequestSpec, draft: ResourceRequestDraft): RequestRefusal | undefined;
}
