import { sampleHost, sampleRequest } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { IsolatedHostsFilter } from "./isolated-hosts-filter.js";
import { filtersHostOptions } from "./options.js";

const NOT_ISOLATED = { code: "host-not-isolated", words: "are not among those for isolated images" };
const ISOLATED = { code: "host-isolated", words: "are kept for isolated images" };

const BOTH = { isolatedImages: ["windows"], isolatedHosts: ["iso"] };
const OPEN = { ...BOTH, restrictIsolatedHostsToIsolatedImages: false };

function filterWith(written: object) {
  return new IsolatedHostsFilter(filtersHostOptions.schema.parse(written));
}

function requestFor(image: string | null) {
  return sampleRequest({ image: image === null ? null : { id: image, minDisk: 0, minRam: 0, properties: {} } });
}

describe("IsolatedHostsFilter", () => {
  it.each([
    ["an isolated image and host", BOTH, "windows", "iso", true],
    ["an isolated image, another host", BOTH, "windows", "other", NOT_ISOLATED],
    ["another image, an isolated host", BOTH, "debian", "iso", ISOLATED],
    ["another image and host", BOTH, "debian", "other", true],
    ["no image, an isolated host", BOTH, null, "iso", ISOLATED],
    ["no image, another host", BOTH, null, "other", true],
    ["no restriction: an isolated image and host", OPEN, "windows", "iso", true],
    ["no restriction: an isolated image, another host", OPEN, "windows", "other", NOT_ISOLATED],
    ["no restriction: another image, an isolated host", OPEN, "debian", "iso", true],
    ["no isolated images: an isolated host", { isolatedHosts: ["iso"] }, "debian", "iso", ISOLATED],
    ["no isolated images: another host", { isolatedHosts: ["iso"] }, "debian", "other", true],
    ["no isolated hosts: an isolated image", { isolatedImages: ["windows"] }, "windows", "any", NOT_ISOLATED],
    ["nothing isolated", {}, "debian", "any", true],
  ])("%s", (_case, written, image, host, verdict) => {
    expect(filterWith(written).hostPasses(sampleHost({ host }), requestFor(image))).toEqual(verdict);
  });

  it("leads isolated images to the isolated hosts, and others nowhere in particular", () => {
    expect(filterWith(BOTH).narrow(requestFor("windows"))).toEqual({
      within: { hosts: ["iso"] },
      refusal: NOT_ISOLATED,
    });
    expect(filterWith(BOTH).narrow(requestFor("debian"))).toBeUndefined();
  });

  it.each([
    [{}, "debian", false],
    [OPEN, "debian", false],
    [OPEN, "windows", true],
    [BOTH, "debian", true],
  ])("with options %j, has a concern with image %s: %s", (written, image, concerned) => {
    expect(filterWith(written).concerns(requestFor(image))).toBe(concerned);
  });

  it("is asked for a rebuild, too", () => {
    expect(filterWith({}).runsOnRebuild).toBe(true);
  });
});
