import { ZONE_KEY } from "@kilonova/compute-store";
import type { HostAggregate } from "@kilonova/contracts";
import type { AggregateOfHosts } from "./known-host.js";

const NONE: readonly HostAggregate[] = [];

/**
 * The aggregates of each host, as one reading of them gave it. Hosts that are in the same ones share a list, and keep it from one
 * reading to the next where nothing of them changed: what it stands for can be told by identity.
 */
export class HostAggregates {
  readonly #byHost: ReadonlyMap<string, readonly HostAggregate[]>;

  /** What the metadata of some of them says something under. */
  readonly keys: ReadonlySet<string>;

  private constructor(
    readonly all: readonly AggregateOfHosts[],
    private readonly lists: ReadonlyMap<string, readonly HostAggregate[]>,
    byHost: ReadonlyMap<string, readonly HostAggregate[]>,
  ) {
    this.#byHost = byHost;
    this.keys = new Set(all.flatMap(({ metadata }) => Object.keys(metadata)));
  }

  static readonly none = new HostAggregates([], new Map(), new Map());

  /** @param before the reading before */
  static read(all: readonly AggregateOfHosts[], before: HostAggregates): HostAggregates {
    const ofHost = new Map<string, AggregateOfHosts[]>();
    for (const aggregate of all) {
      for (const host of aggregate.hosts) ofHost.set(host, [...(ofHost.get(host) ?? []), aggregate]);
    }
    const texts = new Map(all.map((each) => [each, JSON.stringify([each.id, each.uuid, each.name, each.metadata])]));
    const lists = new Map<string, readonly HostAggregate[]>();
    const byHost = new Map<string, readonly HostAggregate[]>();
    for (const [host, aggregates] of ofHost) {
      const key = aggregates.map((each) => texts.get(each)).join();
      const list = lists.get(key) ?? before.lists.get(key) ?? aggregates.map(withoutHosts);
      lists.set(key, list);
      byHost.set(host, list);
    }
    return new HostAggregates(all, lists, byHost);
  }

  of(host: string): readonly HostAggregate[] {
    return this.#byHost.get(host) ?? NONE;
  }
}

/** The zone that one of a host's aggregates puts it in. */
export function zoneOf(aggregates: readonly HostAggregate[], preset: string): string {
  for (const { metadata } of aggregates) {
    const zone = metadata[ZONE_KEY];
    if (zone !== undefined) return zone;
  }
  return preset;
}

function withoutHosts({ id, uuid, name, metadata }: AggregateOfHosts): HostAggregate {
  return { id, uuid, name, metadata };
}
