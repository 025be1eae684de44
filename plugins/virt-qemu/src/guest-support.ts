import { arch } from "node:os";
import type { HypervisorResources, SupportedInstance } from "@kilonova/plugin-api";
import type { Accelerator } from "./acceleration.js";
import { processorTraits } from "./processor-traits.js";

/** What the command line gives every guest, and what the image cache takes. */
const ALWAYS = [
  "COMPUTE_IMAGE_TYPE_QCOW2",
  "COMPUTE_IMAGE_TYPE_RAW",
  "COMPUTE_NET_VIF_MODEL_VIRTIO",
  "COMPUTE_STORAGE_BUS_VIRTIO",
];
/** A 64-bit machine boots 32-bit systems as well. */
const ARCHITECTURES = ["x86_64", "i686"];

/** Which guests can run on this host, and what they can count on: the same for as long as the process lives. */
export async function guestSupport(
  accelerator: Accelerator,
): Promise<Required<Pick<HypervisorResources, "facts" | "traits">>> {
  const hypervisorType = accelerator === "kvm" ? "kvm" : "qemu";
  const ofHost = arch() === "x64" ? ["HW_ARCH_X86_64"] : [];
  return {
    facts: { supportedInstances: ARCHITECTURES.map((architecture) => supported(architecture, hypervisorType)) },
    traits: [...ALWAYS, ...ofHost, ...(await processorTraits(accelerator))],
  };
}

function supported(architecture: string, hypervisorType: string): SupportedInstance {
  return { architecture, hypervisorType, vmMode: "hvm" };
}
