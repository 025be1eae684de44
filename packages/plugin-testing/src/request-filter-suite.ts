import assert from "node:assert/strict";
import { type HostAggregate, pluginTagOf, type RequestFilter, type RequestSpec } from "@kilonova/plugin-api";
import type { ContractCheck } from "./contract-check.js";
import { plainChecks } from "./plain-checks.js";
import { assertClause, assertRefusal } from "./refusal-words.js";
import { SampleDraft } from "./sample-draft.js";
import { assortedHosts, assortedRequests } from "./sample-host.js";

const TRAIT = /^[A-Z][A-Z0-9_]{0,254}$/;

/**
 * What every request filter promises, as checks for any test runner. What it asks for is for its own tests.
 *
 * @param makeFilter a fresh one, with the options it has unless an operator says otherwise
 */
export function requestFilterSuite(makeFilter: () => RequestFilter): readonly ContractCheck[] {
  return plainChecks({
    "a request filter says that it is one": () => assert.equal(pluginTagOf(makeFilter())?.kind, "request-filter"),
    "whatever the request, it answers at once: nothing, or a code and words": () => {
      forEachPair((request, draft) => {
        const refusal: unknown = makeFilter().amend(request, draft);
        if (refusal !== undefined) assertRefusal(refusal);
      });
    },
    "what it asks for are traits by their names, and aggregates that there are": () => {
      forEachPair((request, draft) => {
        makeFilter().amend(request, draft);
        const { required, forbidden, memberOf, notMemberOf } = draft.asked;
        for (const any of [...required, ...memberOf]) assert.notEqual(any.length, 0, "of none there is no one");
        for (const trait of [...required.flat(), ...forbidden]) assert.match(trait, TRAIT, `the trait ${trait}`);
        const uuids = draft.aggregates.map(({ uuid }) => uuid);
        for (const uuid of [...memberOf.flat(), ...notMemberOf]) {
          assert.ok(uuids.includes(uuid), `there is no aggregate ${uuid}`);
        }
        for (const words of draft.words) assertClause(words);
      });
    },
    "asked again, in any order, it asks for the same": () => {
      const filter = makeFilter();
      const ask = ([request, draft]: Pair) => ({ refusal: filter.amend(request, draft), asked: draft.asked });
      const first = allPairs().map(ask);
      assert.deepEqual(allPairs().toReversed().map(ask).toReversed(), first);
    },
    "it leaves the request and the cloud's aggregates as they are": () => {
      forEachPair((request, draft) => {
        const before = structuredClone({ request, aggregates: draft.aggregates });
        makeFilter().amend(request, draft);
        assert.deepEqual({ request, aggregates: draft.aggregates }, before);
      });
    },
  });
}

type Pair = readonly [request: RequestSpec, draft: SampleDraft];

/** Each request in a cloud without aggregates, and in one with some of all sorts. */
function allPairs(): readonly Pair[] {
  return [[], assortedAggregates()].flatMap((aggregates) =>
    assortedRequests().map((request): Pair => [request, new SampleDraft(aggregates)]),
  );
}

function forEachPair(look: (...pair: Pair) => void): void {
  for (const pair of allPairs()) look(...pair);
}

function assortedAggregates(): readonly HostAggregate[] {
  const further: readonly Record<string, string>[] = [
    { filter_tenant_id: "project" },
    { "trait:CUSTOM_FAST": "required" },
    { availability_zone: "az2", "trait:CUSTOM_SLOW": "required" },
    {},
  ];
  const hosts = assortedHosts().flatMap(({ aggregates }) => aggregates);
  return [
    ...hosts,
    ...further.map((metadata, index) => ({ id: 11 + index, uuid: `a${11 + index}`, name: `more ${index}`, metadata })),
  ];
}
