import { sampleRequestSpec } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { resourceRequestOf } from "./resource-request.js";

const flavor = { vcpus: 2, memoryMb: 2048, rootGb: 10, ephemeralGb: 0, swapMb: 0 };
const image = { id: "image", minDisk: 4, minRam: 0, properties: {} };

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
    const spec = sampleRequestSpec({ ...changes, flavor: { ...flavor, ...changes?.flavor } });
    expect(resourceRequestOf(spec)).toEqual({ resources, requiredTraits: [], forbiddenTraits: [] });
  });
});

test("traits come from the flavor and from the image", () => {
  const spec = sampleRequestSpec({
    flavor: { extraSpecs: { "trait:HW_A": "required", "trait:HW_B": "forbidden" } },
    image: { ...image, properties: { "trait:HW_C": "required", os_type: "linux" } },
  });
  expect(resourceRequestOf(spec)).toMatchObject({ requiredTraits: ["HW_A", "HW_C"], forbiddenTraits: ["HW_B"] });
});

test.each([
  [{ "resources:VCPU": "two" }, "the flavor's extra spec resources:VCPU=two is no amount"],
  [{ "resources:VCPU": "-1" }, "the flavor's extra spec resources:VCPU=-1 is no amount"],
  [{ "trait:HW_A": "maybe" }, "the flavor's extra spec trait:HW_A=maybe is neither required nor forbidden"],
  [
    { "resources1:VGPU": "1" },
    "the flavor's extra spec resources1:VGPU asks for a group of its own, which no host offers yet",
  ],
])("%j is refused in words", (extraSpecs, problem) => {
  expect(resourceRequestOf(sampleRequestSpec({ flavor: { extraSpecs } }))).toEqual({ problem });
});
