import type { ChainPlugin, SchedulerChain } from "@kilonova/contracts";
import { describe, expect, it } from "vitest";
import { printChains } from "./print-chains.js";
import type { Chains } from "./replies.js";

function plugin(changes: Partial<ChainPlugin>): ChainPlugin {
  return {
    name: "ComputeFilter",
    kind: "filter",
    from: "@kilonova/filters-host 0.1.0",
    weight: null,
    requests: 10,
    failures: 0,
    overruns: 0,
    milliseconds: 0.1234,
    isOpen: false,
    policy: "fail",
    ...changes,
  };
}

function chain(
  scheduler: string,
  changes: Partial<SchedulerChain> = {},
  slow: Partial<ChainPlugin> = {},
): SchedulerChain {
  const ram = plugin({
    name: "RAMWeigher",
    kind: "weigher",
    from: "@kilonova/weighers-resource 0.1.0",
    weight: -1.5,
    policy: "pass",
    ...slow,
  });
  const profiles = [
    { name: "default", digest: "d", chosenBy: ["no other is for a request"], plugins: [plugin({}), ram] },
  ];
  return { scheduler, digest: "4f1c9a0b", loadedAt: "2026-03-01T12:00:00.000Z", profiles, ...changes };
}

function printed(chains: Chains): readonly string[] {
  const lines: string[] = [];
  printChains(chains, { print: (line) => lines.push(line), progress: () => {}, width: 100, hasColours: false });
  return lines;
}

describe("the chains of schedulers", () => {
  it("are shown once where they are the same, with what happened added up", () => {
    const chains = [chain("c1"), chain("c2", {}, { failures: 2, overruns: 1, isOpen: true, milliseconds: 12.5 })];
    expect(printed({ chains, silent: [], agree: true })).toEqual([
      "Chains 4f1c9a0b on c1 (since 2026-03-01 12:00:00 UTC), c2 (since 2026-03-01 12:00:00 UTC)",
      "",
      "Profile default (chain d), where no other is for a request",
      "  #  PLUGIN         KIND     FROM                               WEIGHT    MS  FAILED",
      "  1  ComputeFilter  filter   @kilonova/filters-host 0.1.0               0.12       0",
      "  2  RAMWeigher     weigher  @kilonova/weighers-resource 0.1.0    -1.5  12.5       3",
      "     ! switched off for a while on 1 of 2: it counts nothing meanwhile",
      "",
      "The 2 schedulers that answered run the same.",
    ]);
  });

  it("are shown apart where they differ, and who is silent is named", () => {
    const lines = printed({
      chains: [chain("c1"), chain("c2", { digest: "other" })],
      silent: ["c3", "c4"],
      agree: false,
    });
    expect(lines.filter((line) => line.startsWith("Chains"))).toHaveLength(2);
    expect(lines.slice(-2)).toEqual(["The 2 schedulers that answered do not run the same.", "No answer from c3, c4."]);
  });

  it.each([
    [{ chains: [], silent: [], agree: true }, ["No scheduler is up."]],
    [{ chains: [], silent: ["c1"], agree: true }, ["No scheduler answered.", "No answer from c1."]],
  ])("that are not there are told of: %j", (chains, lines) => {
    expect(printed(chains)).toEqual(lines);
  });
});
