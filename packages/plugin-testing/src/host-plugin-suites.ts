import assert from "node:assert/strict";
import type {
  HostFilter,
  HostNarrowing,
  HostState,
  HostVerdict,
  HostWeigher,
  SchedulingRequest,
} from "@kilonova/plugin-api";
import { pluginTagOf } from "@kilonova/plugin-api";
import type { ContractCheck } from "./contract-check.js";
import { plainChecks } from "./plain-checks.js";
import { assertRefusal } from "./refusal-words.js";
import { assortedHosts, assortedRequests } from "./sample-host.js";

/**
 * What every filter promises, as checks for any test runner. What it lets pass is for its own tests.
 *
 * @param makeFilter a fresh filter, with the options it has unless an operator says otherwise
 */
export function filterSuite(makeFilter: () => HostFilter): readonly ContractCheck[] {
  return plainChecks({
    "a filter says that it is one": () => assert.equal(pluginTagOf(makeFilter())?.kind, "filter"),
    "whatever the host and the request, it answers at once: true, false, or a code and words": () => {
      forEachPair((host, request) => {
        const verdict: unknown = verdictOf(makeFilter(), host, request);
        if (typeof verdict !== "boolean") assertRefusal(verdict);
      });
    },
    "what it says that it has no concern with, it lets pass": () => {
      forEachPair((host, request) => {
        const filter = makeFilter();
        if (filter.concerns?.(request) !== false) return;
        assert.equal(verdictOf(filter, host, request), true, `${host.host} is dropped all the same`);
      });
    },
    "requests that it gives one signature get one verdict": () => {
      const filter = makeFilter();
      alikeBySignature(filter, (host, request) => verdictOf(filter, host, request));
    },
    "many hosts at once get the verdicts that each gets by itself": () => {
      const filter = makeFilter();
      for (const request of assortedRequests()) {
        const hosts = assortedHosts();
        const together = filter.hostsPass?.(hosts, request, filter.prepare?.(request));
        if (!together) return;
        const alone = hosts.map((host) => filter.hostPasses(host, request, filter.prepare?.(request)));
        assert.deepEqual(together, alone);
      }
    },
    "a narrowing says in a code and words why the others are dropped": () => {
      for (const request of assortedRequests()) {
        const narrowed = makeFilter().narrow?.(request);
        if (narrowed) assertRefusal(narrowed.refusal);
      }
    },
    "asked again, in any order, it answers the same": () => {
      const filter = makeFilter();
      answersAlike((host, request) => verdictOf(filter, host, request));
    },
    "it leaves host and request as they are": () => {
      const filter = makeFilter();
      leavesAlone((host, request) => verdictOf(filter, host, request));
    },
  });
}

/**
 * What every weigher promises, as checks for any test runner. What it prefers is for its own tests.
 *
 * @param makeWeigher a fresh weigher, with the options it has unless an operator says otherwise
 */
export function weigherSuite(makeWeigher: () => HostWeigher): readonly ContractCheck[] {
  return plainChecks({
    "a weigher says that it is one": () => assert.equal(pluginTagOf(makeWeigher())?.kind, "weigher"),
    "whatever the host and the request, its weights and how much it counts are finite numbers": () => {
      forEachPair((host, request) => {
        const weigher = makeWeigher();
        assert.ok(Number.isFinite(weightOf(weigher, host, request)), `weight of ${host.host}`);
        assert.ok(Number.isFinite(weigher.weight), "how much it counts");
      });
    },
    "where it says that it has no concern, all hosts are alike to it": () => {
      for (const request of assortedRequests()) {
        const weigher = makeWeigher();
        if (weigher.concerns?.(request) !== false) continue;
        const weights = new Set(assortedHosts().map((host) => weightOf(weigher, host, request)));
        assert.equal(weights.size, 1, `weights of ${[...weights].join(", ")} all the same`);
      }
    },
    "requests that it gives one signature get one weight": () => {
      const weigher = makeWeigher();
      alikeBySignature(weigher, (host, request) => weightOf(weigher, host, request));
    },
    "many hosts at once get the weights that each gets by itself": () => {
      const weigher = makeWeigher();
      for (const request of assortedRequests()) {
        const hosts = assortedHosts();
        const together = weigher.weighHosts?.(hosts, request, weigher.prepare?.(request));
        if (!together) return;
        const alone = hosts.map((host) => weigher.weigh(host, request, weigher.prepare?.(request)));
        assert.deepEqual([...together], alone);
      }
    },
    "where its scale has two fixed ends, they are in order": () => {
      const { minimum, maximum } = makeWeigher();
      assert.ok(minimum === undefined || maximum === undefined || minimum < maximum);
    },
    "asked again, in any order, it answers the same": () => {
      const weigher = makeWeigher();
      answersAlike((host, request) => weightOf(weigher, host, request));
    },
    "it leaves host and request as they are": () => {
      const weigher = makeWeigher();
      leavesAlone((host, request) => weightOf(weigher, host, request));
    },
  });
}

function verdictOf(filter: HostFilter, host: HostState, request: SchedulingRequest): HostVerdict {
  const prepared = filter.prepare?.(request);
  const [together] = filter.hostsPass?.([host], request, prepared) ?? [];
  const verdict = together ?? filter.hostPasses(host, request, prepared);
  const narrowed = verdict === true ? filter.narrow?.(request) : undefined;
  return narrowed && !isWithin(host, narrowed.within) ? narrowed.refusal : verdict;
}

function isWithin(host: HostState, { hosts, providerIds, aggregates, traits }: HostNarrowing): boolean {
  const uuids = new Set(host.aggregates.map(({ uuid }) => uuid));
  return (
    (hosts?.includes(host.host) ?? true) &&
    (providerIds?.includes(host.providerId) ?? true) &&
    (aggregates?.some((uuid) => uuids.has(uuid)) ?? true) &&
    (traits?.every((trait) => host.traits.has(trait)) ?? true)
  );
}

function weightOf(weigher: HostWeigher, host: HostState, request: SchedulingRequest): number {
  return weigher.weigh(host, request, weigher.prepare?.(request));
}

/** Where two requests have one signature, what is said of a host is the same for both. */
function alikeBySignature(
  plugin: HostFilter | HostWeigher,
  say: (host: HostState, request: SchedulingRequest) => unknown,
) {
  if (!plugin.signature || plugin.seesServers) return;
  for (const host of assortedHosts()) {
    const said = new Map<string, unknown>();
    for (const request of assortedRequests()) {
      const signature: unknown = plugin.signature(request);
      assert.ok(typeof signature === "string", "a signature is a text");
      const answer = say(host, request);
      if (said.has(signature)) assert.deepEqual(answer, said.get(signature), `of ${host.host}, for ${signature}`);
      said.set(signature, answer);
    }
  }
}

function allPairs(): [HostState, SchedulingRequest][] {
  const requests = assortedRequests();
  return assortedHosts().flatMap((host) => requests.map((request): [HostState, SchedulingRequest] => [host, request]));
}

function forEachPair(look: (host: HostState, request: SchedulingRequest) => void): void {
  for (const [host, request] of allPairs()) look(host, request);
}

function answersAlike(ask: (host: HostState, request: SchedulingRequest) => unknown): void {
  const pairs = allPairs();
  const first = pairs.map(([host, request]) => ask(host, request));
  const again = pairs.toReversed().map(([host, request]) => ask(host, request));
  assert.deepEqual(again.toReversed(), first);
}

function leavesAlone(look: (host: HostState, request: SchedulingRequest) => unknown): void {
  forEachPair((host, request) => {
    const before = structuredClone({ host, request });
    look(host, request);
    assert.deepEqual({ host, request }, before);
  });
}
