import { silentLogger } from "@kilonova/plugin-api";
import { FakeClock, sampleRequestSpec } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { givenChain } from "../testing/given-chains.js";
import { Chains, type ProfileRule } from "./chains.js";

const world = { logger: silentLogger, clock: new FakeClock() };
const image = { id: "image-1", minDisk: 0, minRam: 0, properties: {} };

function rule(
  name: string,
  by: Partial<Record<"flavors" | "images" | "projects", readonly string[]>> & { mayBeAskedFor?: boolean } = {},
): ProfileRule {
  return {
    chain: givenChain(name, {}, world),
    mayBeAskedFor: by.mayBeAskedFor ?? false,
    flavors: new Set(by.flavors),
    images: new Set(by.images),
    projects: new Set(by.projects),
  };
}

const chains = new Chains({
  digest: "d",
  loadedAt: "2030-01-01T00:00:00.000Z",
  preset: givenChain("default", {}, world),
  profiles: [
    rule("tenants", { projects: ["project-1"] }),
    rule("windows", { images: ["image-1"] }),
    rule("gpu", { flavors: ["gpu.large", "42"] }),
    rule("spare", { mayBeAskedFor: true }),
  ],
});

describe("the profile of a request", () => {
  test.each<[string, Parameters<typeof sampleRequestSpec>[0], string]>([
    ["is the default where nothing leads to another", {}, "default"],
    ["is the one for its project", { projectId: "project-1" }, "tenants"],
    ["is the one for its image, before that for its project", { projectId: "project-1", image }, "windows"],
    ["is the one for its flavor, before that for its image", { image, flavor: { name: "gpu.large" } }, "gpu"],
    ["is the one for its flavor's id", { flavor: { id: "42" } }, "gpu"],
    [
      "is what its user asks for by the image",
      { image: { ...image, properties: { scheduler_profile: "spare" } } },
      "spare",
    ],
    [
      "is what its flavor names, before what its user asks for",
      { flavor: { extraSpecs: { "kilonova:scheduler_profile": "gpu" } }, hints: { scheduler_profile: "spare" } },
      "gpu",
    ],
    [
      "is what its user asks for by hint, before the image and the lists of profiles",
      { hints: { scheduler_profile: "spare" }, projectId: "project-1", flavor: { name: "gpu.large" } },
      "spare",
    ],
    ["is what is asked for in a list of one", { hints: { scheduler_profile: ["spare"] } }, "spare"],
  ])("%s", (_rule, changes, name) => {
    expect(chains.chainFor(sampleRequestSpec(changes))).toMatchObject({ name });
  });

  test.each(["no", "gpu", "default"])("that there is not, or that may not be asked for, is refused: %s", (name) => {
    const unknown = { unknownProfile: name };
    expect(chains.chainFor(sampleRequestSpec({ hints: { scheduler_profile: name } }))).toEqual(unknown);
    const properties = { scheduler_profile: name };
    expect(chains.chainFor(sampleRequestSpec({ image: { ...image, properties } }))).toEqual(unknown);
  });

  test("may be any for an administrator who asks where a server would go", () => {
    const spec = sampleRequestSpec({ hints: { scheduler_profile: "gpu" } });
    expect(chains.chainFor(spec, () => true)).toMatchObject({ name: "gpu" });
  });
});
