import type { HostFilter } from "@kilonova/plugin-api";
import { filterSuite, type SampleRequest, sampleHost, sampleRequest } from "@kilonova/plugin-testing";
import { describe, expect, it, test } from "vitest";
import { DifferentHostFilter } from "./different-host-filter.js";
import { SameHostFilter } from "./same-host-filter.js";
import { ServerGroupAffinityFilter } from "./server-group-affinity-filter.js";
import { ServerGroupAntiAffinityFilter } from "./server-group-anti-affinity-filter.js";
import { SimpleCIDRAffinityFilter } from "./simple-cidr-affinity-filter.js";

describe.each([
  ["ServerGroupAntiAffinityFilter", () => new ServerGroupAntiAffinityFilter()],
  ["ServerGroupAffinityFilter", () => new ServerGroupAffinityFilter()],
  ["DifferentHostFilter", () => new DifferentHostFilter()],
  ["SameHostFilter", () => new SameHostFilter()],
  ["SimpleCIDRAffinityFilter", () => new SimpleCIDRAffinityFilter()],
])("%s does what every filter promises:", (_name, makeFilter: () => HostFilter) => {
  for (const { name, run } of filterSuite(makeFilter)) test(name, run);
});

const HOST = sampleHost({ providerId: "p1", hostIp: "192.0.2.40" });

function verdict(filter: HostFilter, changes: SampleRequest, host = HOST) {
  const request = sampleRequest(changes);
  return filter.hostPasses(host, request, filter.prepare?.(request));
}

function group(policy: "affinity" | "anti-affinity" | "soft-affinity" | "soft-anti-affinity", maxServerPerHost = 1) {
  return { id: "group", policy, maxServerPerHost };
}

const members = (...entries: [string, number][]) => new Map(entries);

describe("ServerGroupAntiAffinityFilter", () => {
  const full = (words: string) => ({ code: "anti-affinity", words, outlook: "not-now" });

  it.each<[string, SampleRequest, unknown]>([
    ["no group", {}, true],
    ["no members", { group: group("anti-affinity") }, true],
    ["members elsewhere", { group: group("anti-affinity"), groupMembers: members(["p2", 3]) }, true],
    [
      "one here",
      { group: group("anti-affinity"), groupMembers: members(["p1", 1]) },
      full("already hold a member of the server group"),
    ],
    ["one here of two that may be", { group: group("anti-affinity", 2), groupMembers: members(["p1", 1]) }, true],
    [
      "two here of two that may be",
      { group: group("anti-affinity", 2), groupMembers: members(["p1", 2]) },
      full("already hold 2 members of the server group"),
    ],
    ["policy affinity", { group: group("affinity"), groupMembers: members(["p1", 1]) }, true],
    ["policy soft-anti-affinity", { group: group("soft-anti-affinity"), groupMembers: members(["p1", 1]) }, true],
  ])("%s", (_case, request, expected) => {
    expect(verdict(new ServerGroupAntiAffinityFilter(), request)).toEqual(expected);
  });

  it("has a concern with groups of its policy alone", () => {
    const filter = new ServerGroupAntiAffinityFilter();
    expect(filter.concerns(sampleRequest({ group: group("anti-affinity") }))).toBe(true);
    expect(filter.concerns(sampleRequest({ group: group("affinity") }))).toBe(false);
    expect(filter.concerns(sampleRequest())).toBe(false);
  });
});

describe("ServerGroupAffinityFilter", () => {
  const apart = { code: "affinity", words: "are not where the server group's members are" };

  it.each<[string, SampleRequest, unknown]>([
    ["no group", {}, true],
    ["no members", { group: group("affinity") }, true],
    ["members here", { group: group("affinity"), groupMembers: members(["p2", 1], ["p1", 1]) }, true],
    ["members elsewhere", { group: group("affinity"), groupMembers: members(["p2", 1]) }, apart],
    ["none left elsewhere", { group: group("affinity"), groupMembers: members(["p2", 0]) }, true],
    ["policy anti-affinity", { group: group("anti-affinity"), groupMembers: members(["p2", 1]) }, true],
    ["policy soft-affinity", { group: group("soft-affinity"), groupMembers: members(["p2", 1]) }, true],
  ])("%s", (_case, request, expected) => {
    expect(verdict(new ServerGroupAffinityFilter(), request)).toEqual(expected);
  });

  it("leads to the members' hosts", () => {
    const filter = new ServerGroupAffinityFilter();
    const request = sampleRequest({ group: group("affinity"), groupMembers: members(["p2", 1], ["p3", 0]) });
    expect(filter.narrow(request)).toEqual({ within: { providerIds: ["p2"] }, refusal: apart });
    expect(filter.narrow(sampleRequest({ group: group("affinity") }))).toBeUndefined();
  });
});

describe("DifferentHostFilter and SameHostFilter", () => {
  const serverHosts = new Map([
    ["s1", "p1"],
    ["s2", "p2"],
  ]);
  const same = { code: "same-host", words: "hold a server that the hint different_host names", outlook: "not-now" };
  const other = { code: "other-host", words: "hold none of the servers that the hint same_host names" };

  it.each([
    ["no hint", undefined, true, true],
    ["an empty list", [], true, true],
    ["an empty text", "", true, true],
    ["one that is here", "s1", same, true],
    ["a list with one that is here", ["s2", "s1"], same, true],
    ["one that is elsewhere", ["s2"], true, other],
    ["one that is nowhere", "s9", true, other],
  ])("%s", (_case, hint, different, sameHost) => {
    expect(verdict(new DifferentHostFilter(), { hints: { different_host: hint }, serverHosts })).toEqual(different);
    expect(verdict(new SameHostFilter(), { hints: { same_host: hint }, serverHosts })).toEqual(sameHost);
    const request = sampleRequest({ hints: { same_host: hint }, serverHosts });
    expect(new SameHostFilter().concerns(request)).toBe(Boolean(hint && hint.length > 0));
  });

  it.each([[5], [{ id: "s1" }], [["s1", 7]]])("no host matches what is no list of ids: %j", (hint) => {
    const words = (name: string) => `cannot match the hint ${name}, which is no list of server ids`;
    expect(verdict(new DifferentHostFilter(), { hints: { different_host: hint }, serverHosts })).toEqual({
      code: "hint-unreadable",
      words: words("different_host"),
    });
    expect(verdict(new SameHostFilter(), { hints: { same_host: hint }, serverHosts })).toEqual({
      code: "hint-unreadable",
      words: words("same_host"),
    });
  });

  it("same_host leads to the servers' hosts, which are none where they are nowhere", () => {
    const filter = new SameHostFilter();
    const within = (same_host: unknown) => filter.narrow(sampleRequest({ hints: { same_host }, serverHosts }))?.within;
    expect(within(["s1", "s2", "s9"])).toEqual({ providerIds: ["p1", "p2"] });
    expect(within("s9")).toEqual({ providerIds: [] });
    expect(within(undefined)).toBeUndefined();
  });
});

describe("SimpleCIDRAffinityFilter", () => {
  it.each<[string | undefined, string | undefined, string, boolean]>([
    [undefined, undefined, "192.0.2.40", true],
    [undefined, "/32", "192.0.2.40", true],
    ["", "/32", "192.0.2.40", true],
    ["192.0.2.9", undefined, "192.0.2.40", true],
    ["192.0.2.9", undefined, "192.0.3.40", false],
    ["192.0.2.9", "/16", "192.0.3.40", true],
    ["192.0.2.9", "/28", "192.0.2.40", false],
    ["192.0.2.9", "/0", "10.0.0.1", true],
    ["192.0.2.9", "/32", "192.0.2.9", true],
    ["192.0.2.9", "/255.255.0.0", "192.0.3.40", true],
    ["192.0.2.9", "/255.255.255.240", "192.0.2.40", false],
    ["192.0.2.9", "/0.0.0.255", "192.0.2.40", true],
    ["2001:db8::1", "/64", "2001:db8::2:3", true],
    ["2001:db8::1", "/64", "2001:db8:1::2", false],
    ["::ffff:192.0.2.1", "/120", "192.0.2.1", false],
    ["2001:db8::1", "/64", "fe80::1%eth0", false],
    ["192.0.2.9", "/24", "", false],
    ["192.0.2.9", "/24", "compute1.example", false],
  ])("near %s, cidr %s: %s passes: %s", (address, cidr, hostIp, passes) => {
    const hints = { build_near_host_ip: address, cidr };
    const words = `have no address in ${address}${cidr ?? "/24"}`;
    const found = verdict(new SimpleCIDRAffinityFilter(), { hints }, sampleHost({ hostIp }));
    expect(found).toEqual(passes || { code: "outside-subnet", words });
  });

  it("takes hints in lists of one", () => {
    const hints = { build_near_host_ip: ["192.0.2.9"], cidr: ["/28"] };
    expect(verdict(new SimpleCIDRAffinityFilter(), { hints })).toMatchObject({ code: "outside-subnet" });
  });

  it.each<[unknown, unknown]>([
    ["host1", "/24"],
    ["192.0.2.300", "/24"],
    ["fe80::1%eth0", "/64"],
    ["192.0.2.9", "24"],
    ["192.0.2.9", ""],
    ["192.0.2.9", "/33"],
    ["192.0.2.9", "/-1"],
    ["192.0.2.9", "/255.0.255.0"],
    ["192.0.2.9", "/x"],
    ["2001:db8::1", "/129"],
    ["2001:db8::1", "/255.255.0.0"],
    [["192.0.2.9", "192.0.2.10"], "/24"],
    [7, "/24"],
    ["192.0.2.9", { bits: 24 }],
  ])("no host matches what cannot be read: %j, %j", (address, cidr) => {
    const hints = { build_near_host_ip: address, cidr };
    expect(verdict(new SimpleCIDRAffinityFilter(), { hints })).toEqual({
      code: "hint-unreadable",
      words: "cannot match the hints build_near_host_ip and cidr, which are no address and mask",
    });
  });
});
