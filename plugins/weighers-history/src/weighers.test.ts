import type { Options } from "@kilonova/plugin-api";
import { sampleHost, sampleRequest, weigherSuite } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { BuildFailureWeigher } from "./build-failure-weigher.js";
import { HypervisorVersionWeigher } from "./hypervisor-version-weigher.js";
import { ImagePropertiesWeigher } from "./image-properties-weigher.js";
import { weighersHistoryOptions } from "./options.js";

const settings = weighersHistoryOptions.schema.parse({});

describe.each([
  ["BuildFailureWeigher", BuildFailureWeigher, "buildFailureWeightMultiplier", "build_failure_weight_multiplier", -1e6],
  [
    "HypervisorVersionWeigher",
    HypervisorVersionWeigher,
    "hypervisorVersionWeightMultiplier",
    "hypervisor_version_weight_multiplier",
    1,
  ],
  ["ImagePropertiesWeigher", ImagePropertiesWeigher, "imagePropsWeightMultiplier", "image_props_weight_multiplier", 0],
] as const)("%s", (_name, Weigher, option, key, preset) => {
  describe.each<[string, Options<typeof weighersHistoryOptions>]>([
    ["by default", settings],
    ["turned round", { ...settings, [option]: -2.5 }],
    ["with ratios", { ...settings, [option]: 1, imagePropsWeightSetting: ["os_distro=2", "img_hv_type=-0.5"] }],
  ])("%s", (_when, changed) => {
    for (const { name, run } of weigherSuite(() => new Weigher(changed))) test(name, run);
  });

  test("counts as its option says, and on an aggregate's hosts as that says", () => {
    expect(new Weigher(settings)).toMatchObject({ weight: preset, weightKey: key });
    const weigher = new Weigher({ ...settings, [option]: 7 });
    expect(weigher.weight).toBe(7 * weigher.weightSign);
  });
});

describe("BuildFailureWeigher", () => {
  const weigher = new BuildFailureWeigher(settings);

  test("weighs builds that failed, and counts them against the host, whoever says how much", () => {
    expect(weigher.weigh(sampleHost({ failedBuilds: 3 }))).toBe(3);
    expect(weigher.weigh(sampleHost())).toBe(0);
    expect(weigher.weightSign).toBe(-1);
  });

  test("reads nothing of a request", () => expect(weigher.signature()).toBe(""));
});

describe("HypervisorVersionWeigher", () => {
  const weigher = new HypervisorVersionWeigher(settings);

  test("weighs the version, newest best", () => {
    expect(weigher.weigh(sampleHost({ hypervisorVersion: 7_002_022 }))).toBe(7_002_022);
    expect(weigher.weightSign).toBe(1);
  });

  test("reads nothing of a request", () => expect(weigher.signature()).toBe(""));
});

describe("ImagePropertiesWeigher", () => {
  const host = sampleHost({
    imageProperties: new Map([
      ["os_distro=debian", 3],
      ["os_distro=fedora", 9],
      ["hw_machine_type=q35", 2],
      ["hw_disk_bus=virtio", 5],
    ]),
  });
  const debian = { os_distro: "debian", hw_machine_type: "q35", hw_video_model: "vga" };

  function imaged(properties: Readonly<Record<string, string>>) {
    return sampleRequest({ image: { id: "image", minDisk: 0, minRam: 0, properties: { ...properties } } });
  }

  function weightOf(request: ReturnType<typeof sampleRequest>, ...imagePropsWeightSetting: string[]): number {
    const weigher = new ImagePropertiesWeigher({ ...settings, imagePropsWeightSetting });
    return weigher.weigh(host, request, weigher.prepare(request));
  }

  test.each([
    ["each property of the image counts its equals alike", debian, [], 3 + 2],
    ["values have to be the same", { os_distro: "arch" }, [], 0],
    ["an image without properties has no equals", {}, [], 0],
    ["with ratios, those that are named count, each as much as is said", debian, ["os_distro=2", "hw_disk_bus=9"], 6],
    ["a ratio may count against a host", debian, ["os_distro = -0.5", "hw_machine_type=1"], 0.5],
    ["ratios may be for what the image does not have", debian, ["hw_disk_bus=1"], 0],
    ["a property that is there twice has its last ratio", debian, ["os_distro=1", "os_distro=4"], 12],
  ])("%s", (_rule, properties, setting, weight) => {
    expect(weightOf(imaged(properties), ...setting)).toBe(weight);
  });

  test("is no concern of a server without an image, or with one of which nothing counts", () => {
    const weigher = new ImagePropertiesWeigher({
      ...settings,
      imagePropsWeightSetting: ["os_distro=1", "hw_disk_bus=0"],
    });
    expect(weigher.concerns(sampleRequest())).toBe(false);
    expect(weigher.concerns(imaged({ hw_machine_type: "q35", hw_disk_bus: "virtio" }))).toBe(false);
    expect(weigher.concerns(imaged({ os_distro: "debian" }))).toBe(true);
  });

  test("images that are alike in what counts have one signature, in whatever order", () => {
    const weigher = new ImagePropertiesWeigher({ ...settings, imagePropsWeightSetting: ["a=1", "b=1"] });
    const signature = weigher.signature(imaged({ a: "1", b: "2", c: "3" }));
    expect(weigher.signature(imaged({ c: "4", b: "2", a: "1" }))).toBe(signature);
    expect(weigher.signature(imaged({ a: "1", b: "3" }))).not.toBe(signature);
  });

  test.each(["os_distro", "os_distro=", "=1", "os_distro=much", "os_distro=1=2", ""])(
    "refuses the ratio %j",
    (text) => {
      expect(weighersHistoryOptions.schema.safeParse({ imagePropsWeightSetting: [text] }).success).toBe(false);
    },
  );
});
