import { inspect } from "node:util";
import type { Drop, RequestSpec } from "@kilonova/contracts";
import { messageOf } from "@kilonova/messaging";
import type { HostFilter, HostRefusal, HostState, HostVerdict } from "@kilonova/plugin-api";
import type { PluginFailures } from "./plugin-failures.js";

/** Where a server may go, before filters are asked. Forced hosts pass the filters as others do. */
export interface Bounds {
  readonly ignoredHosts: ReadonlySet<string>;
  readonly defaultAvailabilityZone: string;
}

/** The first thing that keeps a host from passing, with who says so; undefined for one that passes. */
export interface Verdict extends HostRefusal {
  readonly filter: string;
}

/** Asks one host after another. A host that a filter fails on is dropped: who cannot say that it fits does not let it pass. */
export class Filtering {
  readonly #names: readonly string[];

  constructor(
    private readonly filters: readonly HostFilter[],
    private readonly failures: PluginFailures,
  ) {
    this.#names = filters.map((filter) => filter.constructor.name);
  }

  verdict(host: HostState, request: RequestSpec, bounds: Bounds): Verdict | undefined {
    const outside = outsideOf(host, request, bounds);
    if (outside) return outside;
    for (const [index, filter] of this.filters.entries()) {
      const name = this.#names[index] ?? "";
      const verdict = this.#ask(filter, name, host, request);
      if (verdict === true) continue;
      if (verdict === false) return { filter: name, code: "filtered", words: `are dropped by ${name}` };
      return { filter: name, ...verdict };
    }
    return undefined;
  }

  #ask(filter: HostFilter, name: string, host: HostState, request: RequestSpec): HostVerdict {
    try {
      const verdict: unknown = filter.hostPasses(host, request);
      if (isVerdict(verdict)) return verdict;
      throw new TypeError(`it answered ${inspect(verdict, { depth: 0 })}, not true, false, or a code and words`);
    } catch (failure) {
      this.failures.note("filter", name, host.host, failure);
      return { code: "filter-failed", words: `are kept out by ${name}, which fails: ${messageOf(failure)}` };
    }
  }
}

/** What a filter answers may come from a plugin that no compiler has seen. */
function isVerdict(value: unknown): value is HostVerdict {
  if (typeof value === "boolean") return true;
  if (typeof value !== "object" || value === null) return false;
  return "code" in value && typeof value.code === "string" && "words" in value && typeof value.words === "string";
}

/** Counts verdicts: the most frequent first. */
export function countDrops(verdicts: readonly Verdict[]): Drop[] {
  const counts = new Map<string, { filter: string; reason: string; hosts: number }>();
  for (const { filter, code, words } of verdicts) {
    const key = JSON.stringify([filter, code, words]);
    const count = counts.get(key) ?? { filter, reason: words, hosts: 0 };
    count.hosts++;
    counts.set(key, count);
  }
  return [...counts.values()].sort((one, other) => other.hosts - one.hosts);
}

function outsideOf(host: HostState, request: RequestSpec, bounds: Bounds): Verdict | undefined {
  if (bounds.ignoredHosts.has(host.host))
    return { filter: "ignoredHosts", code: "ignored", words: "are to be left out" };
  const zone = request.availabilityZone;
  if (zone === null || zone === bounds.defaultAvailabilityZone) return undefined;
  return { filter: "availabilityZone", code: "other-zone", words: `are outside zone ${zone}` };
}
