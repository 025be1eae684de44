import { silentLogger } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { HostTraits } from "./host-traits.js";

describe("HostTraits", () => {
  it.each([
    ["nothing is done where the driver says nothing", ["HW_CPU_X86_SSE"], undefined, undefined],
    ["nothing is done where all is there", ["CUSTOM_B", "CUSTOM_A"], ["CUSTOM_A", "CUSTOM_B"], undefined],
    ["what is reported is added", [], ["CUSTOM_A", "HW_CPU_X86_SSE"], ["CUSTOM_A", "HW_CPU_X86_SSE"]],
    ["what is reported twice is added once", ["CUSTOM_A"], ["CUSTOM_A", "CUSTOM_A"], undefined],
    ["others' custom traits stay", ["CUSTOM_B"], ["CUSTOM_A"], ["CUSTOM_A", "CUSTOM_B"]],
    ["others' standard traits stay", ["STORAGE_DISK_SSD"], [], undefined],
    ["a status is not the driver's", ["COMPUTE_STATUS_DISABLED"], [], undefined],
    [
      "what an earlier life found out about the host goes",
      ["COMPUTE_IMAGE_TYPE_RAW", "HW_ARCH_I686", "HW_CPU_X86_SSE"],
      [],
      [],
    ],
  ])("%s", (_, present, reported, expected) => {
    expect(new HostTraits(silentLogger).missingFrom(present, reported)).toEqual(expected);
  });

  it("takes away what the driver does not report any more, whatever its name", () => {
    const traits = new HostTraits(silentLogger);
    expect(traits.missingFrom([], ["CUSTOM_A", "STORAGE_DISK_SSD"])).toEqual(["CUSTOM_A", "STORAGE_DISK_SSD"]);
    expect(traits.missingFrom(["CUSTOM_A", "STORAGE_DISK_SSD", "CUSTOM_B"], [])).toEqual(["CUSTOM_B"]);
  });

  it("does not ask again for what placement refused", () => {
    const traits = new HostTraits(silentLogger);
    expect(traits.missingFrom([], ["FAST", "CUSTOM_A"])).toEqual(["CUSTOM_A", "FAST"]);
    traits.leaveOut("FAST");
    expect(traits.missingFrom([], ["FAST", "CUSTOM_A"])).toEqual(["CUSTOM_A"]);
  });
});
