import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { HostFilter, HostState, HostWeigher, RequestSpec } from "@kilonova/plugin-api";
import { pluginTagOf } from "@kilonova/plugin-api";
import type { ContractCheck } from "./contract-check.js";
import { assortedHosts, assortedRequests } from "./sample-host.js";

const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/**
 * What every filter promises, as checks for any test runner. What it lets pass is for its own tests.
 *
 * @param makeFilter a fresh filter, with the options it has unless an operator says otherwise
 */
export function filterSuite(makeFilter: () => HostFilter): readonly ContractCheck[] {
  return checks({
    "a filter says that it is one": () => assert.equal(pluginTagOf(makeFilter())?.kind, "filter"),
    "whatever the host and the request, it answers at once: true, false, or a code and words": () => {
      forEachPair((host, request) => {
        const verdict: unknown = makeFilter().hostPasses(host, request);
        if (typeof verdict === "boolean") return;
        assert.ok(typeof verdict === "object" && verdict !== null, `answered ${inspect(verdict)}`);
        const { code, words } = verdict as Record<string, unknown>;
        assert.match(String(code), KEBAB_CASE);
        assert.equal(typeof words, "string");
        assert.match(String(words), /^[a-z].*[^.\s]$/s, 'words go on after "hosts", within a sentence');
      });
    },
    "asked again, in any order, it answers the same": () => {
      const filter = makeFilter();
      answersAlike((host, request) => filter.hostPasses(host, request));
    },
    "it leaves host and request as they are": () => {
      const filter = makeFilter();
      leavesAlone((host, request) => filter.hostPasses(host, request));
    },
  });
}

/**
 * What every weigher promises, as checks for any test runner. What it prefers is for its own tests.
 *
 * @param makeWeigher a fresh weigher, with the options it has unless an operator says otherwise
 */
export function weigherSuite(makeWeigher: () => HostWeigher): readonly ContractCheck[] {
  return checks({
    "a weigher says that it is one": () => assert.equal(pluginTagOf(makeWeigher())?.kind, "weigher"),
    "whatever the host and the request, weight and multiplier are finite numbers": () => {
      forEachPair((host, request) => {
        const weigher = makeWeigher();
        assert.ok(Number.isFinite(weigher.weigh(host, request)), `weight of ${host.host}`);
        assert.ok(Number.isFinite(weigher.multiplier(host)), `multiplier on ${host.host}`);
      });
    },
    "where its scale has two fixed ends, they are in order": () => {
      const { minimum, maximum } = makeWeigher();
      assert.ok(minimum === undefined || maximum === undefined || minimum < maximum);
    },
    "asked again, in any order, it answers the same": () => {
      const weigher = makeWeigher();
      answersAlike((host, request) => weigher.weigh(host, request));
    },
    "it leaves host and request as they are": () => {
      const weigher = makeWeigher();
      leavesAlone((host, request) => weigher.weigh(host, request) + weigher.multiplier(host));
    },
  });
}

function allPairs(): [HostState, RequestSpec][] {
  const requests = assortedRequests();
  return assortedHosts().flatMap((host) => requests.map((request): [HostState, RequestSpec] => [host, request]));
}

function forEachPair(look: (host: HostState, request: RequestSpec) => void): void {
  for (const [host, request] of allPairs()) look(host, request);
}

function answersAlike(ask: (host: HostState, request: RequestSpec) => unknown): void {
  const pairs = allPairs();
  const first = pairs.map(([host, request]) => ask(host, request));
  const again = pairs.toReversed().map(([host, request]) => ask(host, request));
  assert.deepEqual(again.toReversed(), first);
}

function leavesAlone(look: (host: HostState, request: RequestSpec) => unknown): void {
  forEachPair((host, request) => {
    const before = structuredClone({ host, request });
    look(host, request);
    assert.deepEqual({ host, request }, before);
  });
}

function checks(table: Readonly<Record<string, () => void>>): readonly ContractCheck[] {
  return Object.entries(table).map(([name, check]) => ({ name, run: async () => check() }));
}
