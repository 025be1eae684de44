import { duration, objectPath } from "@kilonova/config";
import { optionGroup, tlsClientFiles } from "@kilonova/plugin-api";
import { z } from "zod";

const ratio = (preset: number) => z.number().positive().default(preset);
const amount = (preset: number) => z.number().int().nonnegative().default(preset);

/** Options of the compute service. */
export const computeOptions = optionGroup(
  "compute",
  z.object({
    manager: objectPath("service")
      .default("@kilonova/compute#ComputeManager")
      .describe("Who answers as the compute service."),
    driver: objectPath("virt-driver")
      .or(z.literal("auto"))
      .default("auto")
      .describe(
        "The virt driver, as an object path; auto: QEMU where qemu-system-x86_64 is on the PATH, else the fake driver.",
      ),
    maxConcurrentBuilds: z
      .number()
      .int()
      .positive()
      .default(10)
      .describe("How many servers are built here at the same time; more wait."),
    shutdownTimeout: duration("60s").describe(
      "How long a guest may take to shut itself down before it is switched off.",
    ),
    cpuAllocationRatio: ratio(4).describe("How many virtual processors may be given out for each one of the host."),
    ramAllocationRatio: ratio(1).describe("How much memory may be given out for each MiB of the host."),
    diskAllocationRatio: ratio(1).describe("How much disk may be given out for each GiB of the host."),
    reservedHostCpus: amount(0).describe("Processors kept for the host itself."),
    reservedHostMemoryMb: amount(512).describe("Memory kept for the host itself, in MiB."),
    reservedHostDiskMb: amount(0).describe("Disk kept for the host itself, in MiB."),
    updateResourcesInterval: duration("60s").describe(
      "How often the host's resources are reported and what belongs to no server is cleaned up; 0: never.",
    ),
    syncPowerStateInterval: duration("10m").describe(
      "How often the power states of all guests are compared with what is recorded; 0: never.",
    ),
  }),
);

/** Options of the way to the bytes of images, which computes fetch from the image service by HTTP. */
export const imageClientOptions = optionGroup("imageClient", z.object(tlsClientFiles("the image service")));
