import { sampleRequestSpec } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { resourcesOf } from "./resource-request.js";

const flavor = { vcpus: 2, memoryMb: 2048, rootGb: 10, ephemeralGb: 0, swapMb: 0 };
const image = { id: "image", minDisk: 4, minRam: 0, properties: {} };

function asked(changes: Parameters<typeof sampleRequestSpec>[0]) {
  const read = resourcesOf(sampleRequestSpec({ ...changes, flavor: { ...flavor, ...changes?.flavor } }));
  if ("code" in read) throw new Error(read.words);
  return read;
}

describe("a server takes", () => {
  test.each<[string, Parameters<typeof sampleRequestSpec>[0], Record<string, number>]>([
    ["its flavor's vCPUs, memory and root disk", {}, { VCPU: 2, MEMORY_MB: 2048, DISK_GB: 10 }],
    [
      "root, ephemeral and swap, swap in whole GiB",
      { flavor: { ephemeralGb: 5, swapMb: 1025 } },
      { VCPU: 2, MEMORY_MB: 2048, DISK_GB: 17 },
    ],
    [
      "as much disk as its image needs, where the flavor has none",
      { flavor: { rootGb: 0 }, image },
      { VCPU: 2, MEMORY_MB: 2048, DISK_GB: 4 },
    ],
    ["no disk where nobody says how much", { flavor: { rootGb: 0 } }, { VCPU: 2, MEMORY_MB: 2048 }],
    [
      "what the extra specs say in place of it, 0 being none",
      {
        flavor: { extraSpecs: { "resources:VCPU": "0", "resources:CUSTOM_BAREMETAL": "1", "resources:DISK_GB": "3" } },
      },
      { MEMORY_MB: 2048, DISK_GB: 3, CUSTOM_BAREMETAL: 1 },
    ],
    [
      "nothing for extra specs that are not about resources",
      { flavor: { extraSpecs: { "hw:cpu_policy": "shared", quota: "1" } } },
      { VCPU: 2, MEMORY_MB: 2048, DISK_GB: 10 },
    ],
  ])("%s", (_rule, changes, resources) => {
    expect(asked(changes).groups).toMatchObject([{ suffix: "", resources }]);
  });
});

test("traits come from the flavor and from the image", () => {
  const changes = {
    flavor: { extraSpecs: { "trait:HW_A": "required", "trait:HW_B": "forbidden" } },
    image: { ...image, properties: { "trait:HW_C": "required", os_type: "linux" } },
  };
  expect(asked(changes).groups).toMatchObject([{ required: [["HW_A"], ["HW_C"]], forbidden: ["HW_B"] }]);
});

test("extra specs with a suffix make groups of their own", () => {
  const extraSpecs = {
    "resources1:VGPU": "1",
    "trait1:CUSTOM_FAST": "required",
    "resources_NET:SRIOV_NET_VF": "2",
    "trait_NET:CUSTOM_PHYSNET_A": "forbidden",
    group_policy: "isolate",
  };
  expect(asked({ flavor: { extraSpecs } })).toMatchObject({
    groupPolicy: "isolate",
    groups: [
      { suffix: "", resources: { VCPU: 2 } },
      { suffix: "1", resources: { VGPU: 1 }, required: [["CUSTOM_FAST"]] },
      { suffix: "_NET", resources: { SRIOV_NET_VF: 2 }, forbidden: ["CUSTOM_PHYSNET_A"] },
    ],
  });
});

test.each<[Record<string, string>, string]>([
  [{ "resources:VCPU": "two" }, "the flavor's extra spec resources:VCPU=two is no amount"],
  [{ "resources:VCPU": "-1" }, "the flavor's extra spec resources:VCPU=-1 is no amount"],
  [{ "resources:vcpu": "1" }, "the flavor's extra spec resources:vcpu=1 names no resource class"],
  [{ "trait:HW_A": "maybe" }, "the flavor's extra spec trait:HW_A=maybe is neither required nor forbidden"],
  [{ "trait:hw a": "required" }, "the flavor's extra spec trait:hw a=required names no trait"],
  [{ group_policy: "some" }, "the flavor's extra spec group_policy=some is neither none nor isolate"],
  [
    { "resources1:VGPU": "1", "resources2:VGPU": "1" },
    "the flavor asks for several groups of resources, and its extra spec group_policy does not say whether they may come from one provider",
  ],
])("%j is refused in words", (extraSpecs, words) => {
  expect(resourcesOf(sampleRequestSpec({ flavor: { extraSpecs } }))).toEqual({
    code: "unreadable-request",
    words,
    outlook: "needs",
  });
});

test.each([
  [{ "trait:HW_A": "forbidden" }, "the image's property trait:HW_A=forbidden is not required"],
  [{ "trait:no": "required" }, "the image's property trait:no names no trait"],
])("an image with %j is refused in words", (properties, words) => {
  expect(resourcesOf(sampleRequestSpec({ image: { ...image, properties } }))).toMatchObject({ words });
});

test("a trait that the image requires and the flavor forbids is refused in words", () => {
  const spec = sampleRequestSpec({
    flavor: { extraSpecs: { "trait:HW_A": "forbidden" } },
    image: { ...image, properties: { "trait:HW_A": "required" } },
  });
  expect(resourcesOf(spec)).toMatchObject({ words: "the trait HW_A is both required and forbidden" });
});
