import type { Hook } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { hookSuite, type SampleOperation } from "./hook-suite.js";

const operation: SampleOperation = { point: "server.create", payload: { name: "a", tags: ["b"] }, amendable: ["name"] };

async function failures(hook: Hook): Promise<readonly string[]> {
  const outcomes = hookSuite(() => hook, [operation]).map(async ({ name, run }) =>
    run().then(
      () => [],
      (error: unknown) => [`${name}: ${(error as Error).message.split("\n")[0]}`],
    ),
  );
  return (await Promise.all(outcomes)).flat();
}

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
    const found = await failures(hook);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(words);
  });
});
