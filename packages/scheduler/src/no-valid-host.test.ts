import { describe, expect, test } from "vitest";
import { lackRefusal, mostShared } from "./engine/lack-words.js";
import { Stage } from "./engine/stages.js";
import { dropsOf, noValidHostReason } from "./no-valid-host.js";

/** Drops of one stage: so many hosts for each reason. */
function drops(...counts: readonly [number, string][]) {
  const stage = new Stage("F", "filter", 100);
  for (const [count, words] of counts) {
    for (let each = 0; each < count; each++) stage.drop(each, { code: "some", words });
  }
  return dropsOf([stage]);
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
      3,
      drops([1, "already hold a member"], [1, "hold 50 or more servers"], [1, "cannot match it"]),
      "No valid host was found: 3 hosts: 1 already holds a member, 1 holds 50 or more servers, 1 cannot match it.",
    ],
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

describe("what a host is said to lack", () => {
  test.each([
    ["is in use", "MEMORY_MB", 512, 8192, "no-room", "lack 512 MB of memory", "not-now"],
    ["it never had", "MEMORY_MB", 16_384, 8192, "too-small", "are too small for 16384 MB of memory", "never"],
    ["it never had one of", "VCPU", 2, 1, "too-small", "are too small for 2 vCPUs", "never"],
    ["it knows nothing of", "CUSTOM_GOLD", 1, 0, "no-such-resource", "have no CUSTOM_GOLD to give", "never"],
    ["has none of at all", "DISK_GB", 1, 0, "no-such-resource", "have no disk to give", "never"],
  ])("where that %s", (_, resourceClass, amount, capacity, code, words, outlook) => {
    const lack = { kind: "resource", resourceClass, amount, free: 0, capacity } as const;
    expect(lackRefusal(lack, new Map())).toEqual({ code, words, outlook });
  });
});

test("a host that lacks several things counts once, under what most lack", () => {
  const [cpu, memory] = ["lack 4 vCPUs", "lack 4096 MB of memory"].map((words) => ({ code: "no-room", words }));
  if (!cpu || !memory) throw new Error("there are two");
  expect(
    mostShared([
      { slot: 0, refusals: [cpu, memory] },
      { slot: 1, refusals: [memory] },
    ]).map(({ refusal }) => refusal),
  ).toEqual([memory, memory]);
});
