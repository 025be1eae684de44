import {
  type HostAggregate,
  RequestFilter,
  type RequestRefusal,
  type ResourceRequestDraft,
  silentLogger,
} from "@kilonova/plugin-api";
import { FakeClock, sampleRequestSpec } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { givenChain } from "../testing/given-chains.js";
import { readRequest } from "./read-request.js";
import { aggregateKey } from "./request-draft.js";

class Amends extends RequestFilter {
  constructor(private readonly work: (draft: ResourceRequestDraft) => RequestRefusal | undefined) {
    super();
  }

  override amend(_request: unknown, draft: ResourceRequestDraft): RequestRefusal | undefined {
    return this.work(draft);
  }
}

function read(
  changes: Parameters<typeof sampleRequestSpec>[0],
  requestFilters: readonly RequestFilter[] = [],
  aggregates: readonly HostAggregate[] = [],
) {
  const chain = givenChain("default", { requestFilters }, { logger: silentLogger, clock: new FakeClock() });
  return readRequest(sampleRequestSpec(changes), chain, { aggregates, defaultAvailabilityZone: "nova" });
}

describe("request filters", () => {
  test("add to what is asked of the host's root and of its aggregates, each seeing what those before it added", () => {
    const seen: unknown[] = [];
    const filters = [
      new Amends((draft) => {
        draft.requireTrait("HW_A");
        draft.requireAnyTrait(["HW_B", "HW_C"]);
        draft.forbidTrait("HW_D");
        draft.requireAggregate(["u2", "u1"], "are outside zone az1");
        draft.forbidAggregate(["u3"], "are kept for others");
        return undefined;
      }),
      new Amends((draft) => {
        seen.push([...draft.requiredTraits], [...draft.forbiddenTraits], draft.resources);
        return undefined;
      }),
    ];
    const found = read({ flavor: { extraSpecs: { "trait:HW_X": "required" } } }, filters);
    expect(seen).toEqual([["HW_X", "HW_A"], ["HW_D"], { VCPU: 1, MEMORY_MB: 512, DISK_GB: 1 }]);
    expect(found).toMatchObject({
      alternatives: [
        {
          groups: [{ required: [["HW_X"], ["HW_B", "HW_C"]], memberOf: [["u2", "u1"]], notMemberOf: ["u3"] }],
          rootRequired: ["HW_A"],
          rootForbidden: ["HW_D"],
        },
      ],
    });
    if ("refusal" in found) throw new Error("it was read");
    expect(found.words.get(aggregateKey(["u1", "u2"]))).toBe("are outside zone az1");
    expect(found.words.get(aggregateKey(["u3"]))).toBe("are kept for others");
  });

  test("see the cloud's aggregates", () => {
    const aggregate = { id: 1, uuid: "u1", name: "one", metadata: {} };
    const names: string[] = [];
    read({}, [new Amends((draft) => void names.push(...draft.aggregates.map(({ name }) => name)))], [aggregate]);
    expect(names).toEqual(["one"]);
  });

  test("may say that there can be no host; those behind are not asked then", () => {
    const refusal = { code: "no-such-zone", words: "there is no availability zone az9" };
    const notAsked = new Amends(() => {
      throw new Error("it is asked all the same");
    });
    expect(read({}, [new Amends(() => refusal), notAsked])).toEqual({ refusal, by: "Amends" });
  });

  test("that fail end the request in their name", () => {
    const failing = new Amends(() => {
      throw new Error("no such table");
    });
    expect(read({}, [failing])).toMatchObject({
      refusal: { code: "request-filter-failed", words: "the request filter Amends fails: no such table" },
    });
  });
});

describe("a flavor with CPUs of its own", () => {
  const dedicated = { "hw:cpu_policy": "dedicated" };

  test("asks for PCPU first, then for VCPU of hosts that know no PCPU", () => {
    expect(read({ flavor: { vcpus: 4, extraSpecs: dedicated } })).toMatchObject({
      alternatives: [
        { groups: [{ resources: { PCPU: 4, MEMORY_MB: 512, DISK_GB: 1 } }] },
        { groups: [{ resources: { VCPU: 4, MEMORY_MB: 512, DISK_GB: 1 } }] },
      ],
    });
  });

  test.each([
    ["require", { required: [["HW_CPU_HYPERTHREADING"]], forbidden: [] }],
    ["isolate", { required: [], forbidden: ["HW_CPU_HYPERTHREADING"] }],
    ["prefer", { required: [], forbidden: [] }],
  ])("and thread policy %s", (policy, group) => {
    const extraSpecs = { ...dedicated, "hw:cpu_thread_policy": policy };
    expect(read({ flavor: { extraSpecs } })).toMatchObject({ alternatives: [{ groups: [group] }, {}] });
  });

  test("that says itself what it takes asks for that alone", () => {
    const found = read({ flavor: { extraSpecs: { ...dedicated, "resources:PCPU": "1", "resources:VCPU": "0" } } });
    expect(found).toMatchObject({ alternatives: [{ groups: [{ resources: { PCPU: 1 } }] }] });
    expect("alternatives" in found && found.alternatives).toHaveLength(1);
  });
});
