import { type Hook, hookPoint } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { hookSuite, type SampleOperation } from "./hook-suite.js";
import { failingChecks } from "./testing/failing-checks.js";

const operation: SampleOperation = { point: "server.create", payload: { name: "a", tags: ["b"] }, amendable: ["name"] };

describe("the hook suite", () => {
  for (const check of hookSuite(() => ({ pre: () => ({ amend: { name: "c" } }), post: () => {} }), [operation])) {
    it(`passes a good hook: ${check.name}`, check.run);
  }

  it.each<[string, Hook, string]>([
    ["has no step", {}, "it has none of them"],
    ["vetoes without words", { pre: () => ({ veto: " " }) }, "the veto has no words"],
    ["amends too much", { pre: () => ({ amend: { owner: "me" } }) }, "it amends what may not be amended"],
    ["answers nonsense", { pre: () => true as never }, "it answers true"],
    [
      "writes to its event",
      { post: ({ payload }) => void (payload as { tags: string[] }).tags.push("c") },
      "not extensible",
    ],
    ["fails", { error: () => Promise.reject(new Error("broken")) }, "broken"],
  ])("fails one that %s", async (_, hook, words) => {
    const found = await failingChecks(hookSuite(() => hook, [operation]));
    expect(found).toEqual([{ name: expect.any(String), why: expect.stringContaining(words) }]);
  });

  describe("at a declared point", () => {
    const point = hookPoint("thing.make", {
      version: "1.2",
      payload: z.object({ name: z.string().max(5) }),
      result: z.object({ id: z.number() }),
      amendable: ["name"],
    });
    const made = (changes: Partial<SampleOperation> = {}) => ({
      point,
      payload: { name: "a", hidden: "b" },
      result: { id: 1 },
      ...changes,
    });

    it("hands out what the point names, with its version", async () => {
      const seen: unknown[] = [];
      const hook: Hook = {
        pre: ({ version, payload }) => void seen.push(version, payload),
        post: (_event, result) => void seen.push(result),
      };
      for (const { run } of hookSuite(() => hook, [made()])) await run();
      expect(seen).toEqual(["1.2", { name: "a" }, { id: 1 }]);
    });

    it.each<[string, string, SampleOperation]>([
      ["an amendment that is none of the point's", "the amended payload is none of the point's", made()],
      ["a sample payload that it would not hand out", "the sample payload at thing.make", made({ payload: {} })],
      ["a sample result that it would not hand out", "the sample result at thing.make", made({ result: "1" })],
    ])("finds %s", async (_, words, sample) => {
      const hook: Hook = { pre: () => ({ amend: { name: "far too long" } }), post: () => {} };
      const found = await failingChecks(hookSuite(() => hook, [sample]));
      expect(found.map(({ why }) => why)).toContainEqual(expect.stringContaining(words));
    });
  });
});
