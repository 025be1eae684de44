import { duration, optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

/** Options of the QEMU driver. */
export const qemuOptions = optionGroup(
  "qemu",
  z.object({
    virtType: z
      .enum(["auto", "kvm", "qemu"])
      .default("auto")
      .describe("How guests run: kvm, qemu (emulated), or auto: KVM where it really runs guests, else emulated."),
    binary: z
      .string()
      .min(1)
      .default("qemu-system-x86_64")
      .describe("The QEMU to start, a path or a name on the PATH."),
    imageTool: z.string().min(1).default("qemu-img").describe("The qemu-img to run, a path or a name on the PATH."),
    instancesPath: z
      .string()
      .min(1)
      .default("instances")
      .describe(
        "The folder of guests and base images, in a folder per host; from the configuration's folder where relative.",
      ),
    startTimeout: duration("60s").describe("How long a QEMU process may take until it answers."),
    softRebootTimeout: duration("120s").describe(
      "How long a guest may take to shut down for a soft reboot before it is reset.",
    ),
    maxImageGb: z.number().positive().default(100).describe("Images of more GiB are not fetched."),
  }),
);
