import type { SchedulingDecision } from "@kilonova/contracts";
import { expect, test } from "vitest";
import { PLACED, REFUSED, SERVER } from "../testing/fixture-decision.js";
import { type AskedServer, printDecision } from "./print-decision.js";

function printed(decision: SchedulingDecision, server: AskedServer | undefined, hasColours = false): readonly string[] {
  const lines: string[] = [];
  const print = (text: string) => lines.push(...text.split("\n"));
  printDecision(decision, server, { print, progress: () => {}, width: 100, hasColours });
  return lines;
}

const PLACED_TEXT = [
  "Server     web-1 (0c7a1b3e-8f6e-4f0e-9d1c-2b3a4c5d6e7f)",
  "Asked      create, one of 2 in one request",
  "By         project aaaaaaaa000040008000000000000001, req-5f0c62c4-7d0f-4a58-8a0e-6a3b6a7f0f11",
  "For        flavor m1.small (1 VCPU, 4096 MB of memory, 20 GB of disk), image",
  "           1badcafe-0000-4000-8000-000000000001, zone az2, hints group, query",
  "Decided    2026-03-01 12:34:56 UTC by controller1 in 3.46 ms, profile default",
  "Outcome    placed",
  "",
  "12 hosts, and what dropped them",
  "  STAGE                   IN  OUT    MS",
  "  RequireTenantAggregate  12   12  0.02  request filter",
  "  resources               12    5  0.31",
  "      7  lack 4096 MB of memory  (not now)  e.g. host3, host4, host5",
  "  ComputeFilter            5    3  0.10",
  "      1  are disabled  (needs a change)  host10",
  "      1  are down  (not now)  host11",
  "  AvailabilityZoneFilter   3    3  0.00",
  "",
  "Best hosts",
  "  HOST                             SCORE  WEIGHER       RAW  NORMALISED  MULTIPLIER  POINTS",
  "  host1 (host1.rack2.example.org)  1.500  RAMWeigher  16384       1.000         × 1   1.000",
  "                                          CPUWeigher     12       1.000       × 0.5   0.500",
  "  host2                            0.625  RAMWeigher  10240       0.500         × 1   0.500",
  "                                          CPUWeigher      8       0.250       × 0.5   0.125",
  "  host9                            0.000  RAMWeigher   4096       0.000         × 1   0.000",
  "                                          CPUWeigher    6.5       0.000       × 0.5   0.000",
  "  No points from DiskWeigher, IoOpsWeigher.",
  "",
  "Chosen     host1 (host1.rack2.example.org)",
  "Others     host2",
  "Alternates host2, host9",
  "Claims     3 attempts, refused on host8 ×2",
  "Times      stages 0.44 ms, weighers 0.41 ms (RAMWeigher 0.25, CPUWeigher 0.10, DiskWeigher 0.05),",
  "           the rest 2.61 ms",
  "Chain      4f1c9a0b7e21, on placement's state 4711",
  "Shared     with an equal request before it; hosts that changed were looked at again",
];

const REFUSED_TEXT = [
  "Server     0c7a1b3e-8f6e-4f0e-9d1c-2b3a4c5d6e7f",
  "Asked      create",
  "By         project aaaaaaaa000040008000000000000001, req-5f0c62c4-7d0f-4a58-8a0e-6a3b6a7f0f11",
  "For        flavor m1.small (1 VCPU, 4096 MB of memory, 20 GB of disk), image",
  "           1badcafe-0000-4000-8000-000000000001, zone az2, hints group, query",
  "Decided    2026-03-01 12:34:56 UTC by controller1 in 3.46 ms, profile default",
  "Outcome    no valid host",
  "           No valid host was found: 12 hosts: 7 lack 4096 MB of memory, 1 is disabled, 1 is down, 3",
  "           are outside zone az2.",
  "",
  "12 hosts, and what dropped them",
  "  STAGE                   IN  OUT    MS",
  "  RequireTenantAggregate  12   12  0.02  request filter",
  "  resources               12    5  0.31",
  "      7  lack 4096 MB of memory  (not now)  e.g. host3, host4, host5",
  "  ComputeFilter            5    3  0.10",
  "      1  are disabled  (needs a change)  host10",
  "      1  are down  (not now)  host11",
  "  AvailabilityZoneFilter   3    0  0.00",
  "      3  are outside zone az2  (never)  host1, host2, host9",
  "",
  "Times      stages 0.44 ms, weighers 0.00 ms, the rest 3.02 ms",
  "Chain      4f1c9a0b7e21",
  "Left out   samples of dropped hosts; scores but the best 3: the record was too large",
];

test("a server that was placed is explained from what was asked to what came of it", () => {
  expect(printed(PLACED, { id: SERVER, name: "web-1" })).toEqual(PLACED_TEXT);
});

test("a server that was not placed has the stage that left none, and what it is told", () => {
  expect(printed(REFUSED, { id: SERVER, name: undefined })).toEqual(REFUSED_TEXT);
});

test("a dry run is about no server, and says where all would go", () => {
  const dryRun = { ...PLACED, outcome: "dry-run" as const, claims: { attempts: 0, refused: [] } };
  const lines = printed(dryRun, undefined);
  expect(lines[0]).toBe("Asked      create");
  expect(lines).toContain("Outcome    dry run: it would be placed; nothing was claimed");
  expect(lines).toContain("Chosen     host1 (host1.rack2.example.org), host2");
  expect(lines.filter((line) => line.startsWith("Claims"))).toEqual([]);
  const nowhere = printed({ ...dryRun, message: "No valid host was found.", selections: [] }, undefined);
  expect(nowhere).toContain("Outcome    dry run: it would not be placed");
});

test("colours change nothing but colours", () => {
  const coloured = printed(REFUSED, { id: SERVER, name: undefined }, true).join("\n");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const codes = /\u001b\[\d+m/g;
  expect(coloured).toMatch(codes);
  expect(
    coloured
      .replace(codes, "")
      .split("\n")
      .map((line) => line.trimEnd()),
  ).toEqual(REFUSED_TEXT);
});

test("only the best hosts are shown, and samples are cut to the width", () => {
  const hosts = Array.from({ length: 20 }, (_, index) => `compute-node-${index}`);
  const lines = printed(
    {
      ...PLACED,
      scores: hosts.map((host) => ({ host, node: host, score: 0, weights: [] })),
      stages: PLACED.stages.map((stage) => ({
        ...stage,
        drops: stage.drops.map((drop) => ({ ...drop, hosts: 100_000, sample: hosts })),
      })),
    },
    undefined,
  );
  expect(lines.filter((line) => line.startsWith("  compute-node-"))).toHaveLength(5);
  expect(lines).toContain("  15 more with their scores in --json.");
  expect(Math.max(...lines.map(({ length }) => length))).toBe(100);
  expect(lines.find((line) => line.includes("are disabled"))).toMatch(
    /^ {6}100000 {2}are disabled .* e\.g\. compute-.*…$/,
  );
});
