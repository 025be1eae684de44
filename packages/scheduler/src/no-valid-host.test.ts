import { sampleHost } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { countDrops, type Verdict } from "./filtering.js";
import { noValidHostReason, roomVerdicts } from "./no-valid-host.js";

function drops(...counts: readonly [number, string][]) {
  return countDrops(
    counts.flatMap(([count, words]) =>
      Array.from({ length: count }, (): Verdict => ({ filter: "F", code: words, words })),
    ),
  );
}

describe("the sentence", () => {
  test.each([
    [
      12,
      drops([3, "are disabled"], [7, "lack 4096 MB of memory"], [2, "are down"]),
      "No valid host was found: 12 hosts: 7 lack 4096 MB of memory, 3 are disabled, 2 are down.",
    ],
    [1, drops([1, "are down"]), "No valid host was found: 1 host: 1 is down."],
    [
      2,
      drops([1, "lack the trait X"], [1, "have the forbidden trait Y"]),
      "No valid host was found: 2 hosts: 1 lacks the trait X, 1 has the forbidden trait Y.",
    ],
    [0, [], "No valid host was found: there are no hosts."],
    [
      21,
      drops([6, "a"], [5, "b"], [4, "c"], [3, "d"], [2, "e"], [1, "f"]),
      "No valid host was found: 21 hosts: 6 a, 5 b, 4 c, 3 d, 2 e, 1 for other reasons.",
    ],
  ])("for %i hosts", (hosts, reasons, sentence) => {
    expect(noValidHostReason(hosts, reasons)).toBe(sentence);
  });
});

test("a host that lacks several things counts once, under what most lack", () => {
  const request = { resources: { VCPU: 4, MEMORY_MB: 4096 }, requiredTraits: [], forbiddenTraits: [] };
  const both = { VCPU: { total: 2 }, MEMORY_MB: { total: 1024 } };
  const hosts = [
    sampleHost({ resources: both }),
    sampleHost({ resources: { ...both, VCPU: { total: 8 } } }),
    sampleHost({ resources: { VCPU: { total: 8 }, MEMORY_MB: { total: 8192 } } }),
  ];
  expect(countDrops(roomVerdicts(hosts, request))).toEqual([
    { filter: "resources", hosts: 2, reason: "lack 4096 MB of memory" },
  ]);
});
