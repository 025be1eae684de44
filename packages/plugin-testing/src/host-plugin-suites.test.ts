import {
  HostFilter,
  type HostNarrowing,
  type HostRefusal,
  type HostState,
  type HostVerdict,
  HostWeigher,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { filterSuite, weigherSuite } from "./host-plugin-suites.js";
import { failingNames } from "./testing/failing-checks.js";

/** What it drops takes few servers; requests for large flavors are its concern alone, and traits lead to the hosts. */
class FastForLarge extends HostFilter<string> {
  override concerns({ flavor }: SchedulingRequest): boolean {
    return flavor.vcpus > 1;
  }

  override signature({ flavor }: SchedulingRequest): string {
    return String(flavor.vcpus);
  }

  override prepare({ flavor }: SchedulingRequest): string {
    return flavor.vcpus > 1 ? "CUSTOM_FAST" : "";
  }

  override narrow(request: SchedulingRequest): { within: HostNarrowing; refusal: HostRefusal } | undefined {
    return this.concerns(request) ? { within: { traits: ["CUSTOM_FAST"] }, refusal: SLOW } : undefined;
  }

  override hostPasses({ traits }: HostState, _request: SchedulingRequest, trait: string): HostVerdict {
    return trait === "" || traits.has(trait) ? true : SLOW;
  }

  override hostsPass(hosts: readonly HostState[], request: SchedulingRequest, trait: string): readonly HostVerdict[] {
    return hosts.map((host) => this.hostPasses(host, request, trait));
  }
}

const SLOW: HostRefusal = { code: "slow", words: "are slow", outlook: "needs" };

const FILTER_CHECKS = {
  tag: "a filter says that it is one",
  answer: "whatever the host and the request, it answers at once: true, false, or a code and words",
  concerns: "what it says that it has no concern with, it lets pass",
  signature: "requests that it gives one signature get one verdict",
  together: "many hosts at once get the verdicts that each gets by itself",
  narrowing: "a narrowing says in a code and words why the others are dropped",
  again: "asked again, in any order, it answers the same",
  alone: "it leaves host and request as they are",
};

/** A filter that answers what it is told to. */
function answering(verdict: unknown): HostFilter {
  return new (class extends HostFilter {
    override hostPasses(): HostVerdict {
      return verdict as HostVerdict;
    }
  })();
}

class Failing extends HostFilter {
  override hostPasses(_host: HostState, { image }: SchedulingRequest): HostVerdict {
    return (image as { properties: object }).properties !== undefined;
  }
}

class ConcernedElsewhere extends FastForLarge {
  override concerns({ flavor }: SchedulingRequest): boolean {
    return flavor.vcpus > 2;
  }
}

class NarrowWithoutConcern extends FastForLarge {
  override narrow(): { within: HostNarrowing; refusal: HostRefusal } {
    return { within: { hosts: ["special"] }, refusal: SLOW };
  }
}

class SignedByNothing extends FastForLarge {
  override signature(): string {
    return "";
  }
}

class SignedByNumber extends FastForLarge {
  override signature({ flavor }: SchedulingRequest): string {
    return flavor.vcpus as never;
  }
}

class TogetherOtherwise extends HostFilter {
  override hostPasses({ up }: HostState): HostVerdict {
    return up;
  }

  override hostsPass(hosts: readonly HostState[]): readonly HostVerdict[] {
    return hosts.map(() => true);
  }
}

class TogetherTooFew extends FastForLarge {
  override hostsPass(hosts: readonly HostState[], request: SchedulingRequest, trait: string): readonly HostVerdict[] {
    return super.hostsPass(hosts, request, trait).slice(0, 1);
  }
}

class NarrowWithoutWords extends HostFilter {
  override narrow(): { within: HostNarrowing; refusal: HostRefusal } {
    return { within: {}, refusal: { code: "Slow Host", words: "are slow" } };
  }

  override hostPasses(): HostVerdict {
    return true;
  }
}

class Moody extends HostFilter {
  #asked = 0;

  override hostPasses(): HostVerdict {
    return this.#asked++ % 3 > 0;
  }
}

class Meddling extends HostFilter {
  override hostPasses(_host: HostState, request: SchedulingRequest): HostVerdict {
    Object.assign(request.hints, { seen: true });
    return true;
  }
}

describe("the filter suite", () => {
  for (const { name, run } of filterSuite(() => new FastForLarge())) it(`passes a good filter: ${name}`, run);

  it.each<[string, () => unknown, readonly (keyof typeof FILTER_CHECKS)[]]>([
    ["is no filter", () => ({ hostPasses: () => true }), ["tag"]],
    ["answers nonsense", () => answering("yes"), ["answer"]],
    ["has a code with a space", () => answering({ code: "too slow", words: "are slow" }), ["answer"]],
    ["has words that are a sentence", () => answering({ code: "slow", words: "The host is slow." }), ["answer"]],
    ["has an outlook that there is not", () => answering({ ...SLOW, outlook: "later" }), ["answer"]],
    ["fails at requests without an image", () => new Failing(), ["answer", "again", "alone"]],
    ["drops what it has no concern with", () => new ConcernedElsewhere(), ["concerns"]],
    ["narrows what it has no concern with", () => new NarrowWithoutConcern(), ["concerns"]],
    ["leaves out of its signature what it reads", () => new SignedByNothing(), ["signature"]],
    ["has a signature that is no text", () => new SignedByNumber(), ["signature"]],
    ["answers otherwise for many at once", () => new TogetherOtherwise(), ["together"]],
    ["answers for fewer than it is asked about", () => new TogetherTooFew(), ["together"]],
    ["narrows without fitting words", () => new NarrowWithoutWords(), ["narrowing"]],
    ["changes its mind", () => new Moody(), ["again"]],
    ["writes to what it is given", () => new Meddling(), ["alone"]],
  ])("fails one that %s", async (_what, make, failing) => {
    const names = failing.map((check) => FILTER_CHECKS[check]);
    expect(await failingNames(filterSuite(() => make() as HostFilter))).toEqual(names);
  });
});

const WEIGHER_CHECKS = {
  tag: "a weigher says that it is one",
  finite: "whatever the host and the request, its weights and how much it counts are finite numbers",
  concerns: "where it says that it has no concern, all hosts are alike to it",
  signature: "requests that it gives one signature get one weight",
  together: "many hosts at once get the weights that each gets by itself",
  scale: "where its scale has two fixed ends, they are in order",
  again: "asked again, in any order, it answers the same",
  alone: "it leaves host and request as they are",
};

/** Large servers go where few are. */
class FewForLarge extends HostWeigher<number> {
  override readonly weight: number = 1;

  override concerns({ flavor }: SchedulingRequest): boolean {
    return flavor.vcpus > 1;
  }

  override signature({ flavor }: SchedulingRequest): string {
    return String(flavor.vcpus);
  }

  override prepare({ flavor }: SchedulingRequest): number {
    return flavor.vcpus - 1;
  }

  override weigh({ servers }: HostState, _request: SchedulingRequest, large: number): number {
    return 0 - servers * large;
  }

  override weighHosts(hosts: readonly HostState[], request: SchedulingRequest, large: number): readonly number[] {
    return hosts.map((host) => this.weigh(host, request, large));
  }
}

class CountsEndlessly extends FewForLarge {
  override readonly weight = Number.POSITIVE_INFINITY;
}

class WeighsByRoom extends FewForLarge {
  override weigh({ resources, servers }: HostState, _request: SchedulingRequest, large: number): number {
    return large === 0 ? 0 : servers / (resources.get("VCPU")?.total ?? 0);
  }
}

class WeighsAll extends FewForLarge {
  override prepare({ flavor }: SchedulingRequest): number {
    return flavor.vcpus;
  }
}

class WeigherSignedByNothing extends FewForLarge {
  override signature(): string {
    return "";
  }
}

class WeighsTogetherOtherwise extends FewForLarge {
  override weighHosts(hosts: readonly HostState[]): readonly number[] {
    return hosts.map(({ servers }) => servers);
  }
}

class UpsideDown extends FewForLarge {
  override readonly minimum = 1;
  override readonly maximum = 0;
}

class MoodyWeigher extends HostWeigher {
  override readonly weight = 1;
  #asked = 0;

  override weigh(): number {
    return this.#asked++;
  }
}

class MeddlingWeigher extends HostWeigher {
  override readonly weight = 1;

  override weigh(host: HostState): number {
    (host.traits as Set<string>).add("CUSTOM_SEEN");
    return 0;
  }
}

describe("the weigher suite", () => {
  for (const { name, run } of weigherSuite(() => new FewForLarge())) it(`passes a good weigher: ${name}`, run);

  it.each<[string, () => unknown, readonly (keyof typeof WEIGHER_CHECKS)[]]>([
    ["is no weigher", () => ({ weight: 1, weigh: () => 1 }), ["tag"]],
    ["counts without end", () => new CountsEndlessly(), ["finite"]],
    ["divides by what a host may have none of", () => new WeighsByRoom(), ["finite"]],
    ["weighs what it has no concern with", () => new WeighsAll(), ["concerns"]],
    ["leaves out of its signature what it reads", () => new WeigherSignedByNothing(), ["signature"]],
    ["weighs many at once otherwise", () => new WeighsTogetherOtherwise(), ["together"]],
    ["has a scale that is upside down", () => new UpsideDown(), ["scale"]],
    ["changes its mind", () => new MoodyWeigher(), ["again"]],
    ["writes to what it is given", () => new MeddlingWeigher(), ["alone"]],
  ])("fails one that %s", async (_what, make, failing) => {
    const names = failing.map((check) => WEIGHER_CHECKS[check]);
    expect(await failingNames(weigherSuite(() => make() as HostWeigher))).toEqual(names);
  });
});
