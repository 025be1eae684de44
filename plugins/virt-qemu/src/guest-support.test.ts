import { describe, expect, it } from "vitest";
import { guestSupport } from "./guest-support.js";

describe("guestSupport", () => {
  it.each([
    ["kvm", "kvm"],
    ["tcg", "qemu"],
  ] as const)("with %s names the hypervisor %s, as images do", async (accelerator, hypervisorType) => {
    const { facts } = await guestSupport(accelerator);
    expect(facts.supportedInstances).toEqual([
      { architecture: "x86_64", hypervisorType, vmMode: "hvm" },
      { architecture: "i686", hypervisorType, vmMode: "hvm" },
    ]);
  });

  it("reports what every guest gets, and of the processor nothing where it is emulated", async () => {
    const { traits } = await guestSupport("tcg");
    expect(traits).toEqual(expect.arrayContaining(["COMPUTE_IMAGE_TYPE_QCOW2", "COMPUTE_IMAGE_TYPE_RAW"]));
    expect(traits.filter((trait) => trait.startsWith("HW_CPU_"))).toEqual([]);
  });
});
