import { RequestFilter, type RequestRefusal, type RequestSpec, type ResourceRequestDraft } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { requestFilterSuite } from "./request-filter-suite.js";
import { failingNames } from "./testing/failing-checks.js";

const CHECKS = {
  tag: "a request filter says that it is one",
  answer: "whatever the request, it answers at once: nothing, or a code and words",
  asked: "what it asks for are traits by their names, and aggregates that there are",
  again: "asked again, in any order, it asks for the same",
  alone: "it leaves the request and the cloud's aggregates as they are",
};

type Amend = (request: RequestSpec, draft: ResourceRequestDraft) => unknown;

/** A request filter that does what it is told to. */
function amending(amend: Amend): RequestFilter {
  return new (class extends RequestFilter {
    override amend(request: RequestSpec, draft: ResourceRequestDraft): RequestRefusal | undefined {
      return amend(request, draft) as RequestRefusal | undefined;
    }
  })();
}

/** Asks for all that there is to ask for, and refuses evacuations. */
const good: Amend = ({ reason }, draft) => {
  if (reason === "evacuate") return { code: "no-spare", words: "there is no spare host", outlook: "not-now" };
  draft.requireTrait("CUSTOM_FAST");
  draft.requireAnyTrait(["HW_CPU_X86_AVX", "HW_CPU_X86_AVX2"]);
  draft.forbidTrait("COMPUTE_STATUS_DISABLED");
  const [first, ...others] = draft.aggregates.map(({ uuid }) => uuid);
  if (first !== undefined) draft.requireAggregate([first], "are outside the first");
  draft.forbidAggregate(others);
  return undefined;
};

const COUNTING: Amend = (() => {
  let count = 0;
  return (_request: RequestSpec, draft: ResourceRequestDraft) => draft.requireTrait(`CUSTOM_${count++}`);
})();

describe("the request filter suite", () => {
  for (const { name, run } of requestFilterSuite(() => amending(good))) it(`passes a good one: ${name}`, run);

  it.each<[string, () => unknown, readonly (keyof typeof CHECKS)[]]>([
    ["is no request filter", () => ({ amend: () => undefined }), ["tag"]],
    ["answers nonsense", () => amending(() => true), ["answer"]],
    ["refuses without words", () => amending(() => ({ code: "no" })), ["answer"]],
    [
      "has an outlook that there is not",
      () => amending(() => ({ code: "no", words: "there is none", outlook: "soon" })),
      ["answer"],
    ],
    ["asks for a trait in small letters", () => amending((_, draft) => draft.requireTrait("custom_fast")), ["asked"]],
    ["asks for one of no traits", () => amending((_, draft) => draft.requireAnyTrait([])), ["asked"]],
    ["forbids a trait without a name", () => amending((_, draft) => draft.forbidTrait("")), ["asked"]],
    ["asks for an aggregate that there is not", () => amending((_, draft) => draft.requireAggregate(["x"])), ["asked"]],
    [
      "asks for one of no aggregates",
      () => amending((_, draft) => draft.requireAggregate(draft.aggregates.map(({ uuid }) => uuid))),
      ["asked"],
    ],
    ["forbids an aggregate that there is not", () => amending((_, draft) => draft.forbidAggregate(["x"])), ["asked"]],
    [
      "says in a sentence why hosts are dropped",
      () => amending((_, draft) => draft.forbidAggregate([], "They are dear.")),
      ["asked"],
    ],
    ["changes its mind", () => amending(COUNTING), ["again"]],
    ["writes to the request", () => amending(({ hints }) => void Object.assign(hints, { seen: true })), ["alone"]],
    [
      "writes to the aggregates",
      () => amending((_, { aggregates }) => void Object.assign(aggregates[0]?.metadata ?? {}, { seen: "true" })),
      ["alone"],
    ],
    [
      "fails at requests without an image",
      () => amending(({ image }) => void (image as { properties: object }).properties),
      ["answer", "asked", "again", "alone"],
    ],
  ])("fails one that %s", async (_what, make, failing) => {
    const names = failing.map((check) => CHECKS[check]);
    expect(await failingNames(requestFilterSuite(() => make() as RequestFilter))).toEqual(names);
  });
});
