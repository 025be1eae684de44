import type { HostState } from "@kilonova/plugin-api";
import { sampleHost, weigherSuite } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { FewestServersWeigher } from "./fewest-servers-weigher.js";
import { fewestServersOptions } from "./options.js";

function makeWeigher(written: { readonly multiplier?: number } = {}) {
  return new FewestServersWeigher(fewestServersOptions.schema.parse(written));
}

/** Names of hosts, the best first. */
function ranked(weigher: FewestServersWeigher, hosts: readonly HostState[]): readonly string[] {
  const score = (host: HostState) => weigher.weight * weigher.weigh(host);
  return hosts.toSorted((one, other) => score(other) - score(one)).map(({ host }) => host);
}

// #region suite
describe("FewestServersWeigher does what every weigher promises:", () => {
  for (const { name, run } of weigherSuite(makeWeigher)) it(name, run);
});
// #endregion

describe("FewestServersWeigher", () => {
  const hosts = [
    sampleHost({ host: "busy", servers: 12 }),
    sampleHost({ host: "idle", servers: 0 }),
    sampleHost({ host: "quiet", servers: 1, resources: { MEMORY_MB: { total: 1024, used: 1024 } } }),
  ];

  it("prefers the host with the fewest servers, whatever else is taken of it", () => {
    expect(ranked(makeWeigher(), hosts)).toEqual(["idle", "quiet", "busy"]);
  });

  it("prefers the host with the most where its multiplier is negative", () => {
    expect(ranked(makeWeigher({ multiplier: -2 }), hosts)).toEqual(["busy", "quiet", "idle"]);
  });
});
