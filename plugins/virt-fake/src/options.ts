import { duration, hostFactsSchema, optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

/** What of a virt driver can be slowed down or made to fail. */
export const FAKE_VERBS = ["spawn", "destroy", "powerOn", "powerOff", "reboot"] as const;

export type FakeVerb = (typeof FAKE_VERBS)[number];

/** How a failure looks to the compute: another host may do it, none can. */
export const FAILURE_KINDS = ["reschedule", "abort"] as const;

const failureSchema = z.strictObject({
  verb: z.enum(FAKE_VERBS),
  how: z.enum(FAILURE_KINDS),
  host: z.string().min(1).optional().describe("On this host alone; everywhere where nothing is said."),
  server: z
    .string()
    .refine(isPattern, "expected a regular expression")
    .optional()
    .describe("For servers whose name matches this regular expression; for all where nothing is said."),
});

export type FakeFailure = Readonly<z.output<typeof failureSchema>>;

/** Options of the fake driver. */
export const fakeOptions = optionGroup(
  "fake",
  z.object({
    statePath: z
      .string()
      .min(1)
      .default("fake-guests")
      .describe(
        "The folder in which guests are written down, in a folder per host; from the configuration's folder where relative.",
      ),
    vcpus: z.number().int().positive().default(1_000).describe("How many virtual processors a host says it has."),
    memoryMb: z.number().int().positive().default(800_000).describe("How much memory a host says it has, in MiB."),
    diskGb: z.number().int().positive().default(60_000).describe("How much disk a host says it has, in GiB."),
    traits: z
      .array(z.string().regex(/^[A-Z0-9_]{1,255}$/))
      .default(["COMPUTE_IMAGE_TYPE_QCOW2", "COMPUTE_IMAGE_TYPE_RAW"])
      .describe("The traits that a host says it has."),
    facts: hostFactsSchema
      .default({ supportedInstances: [{ architecture: "x86_64", hypervisorType: "fake", vmMode: "hvm" }] })
      .describe(
        "What a host tells filters and weighers of itself: supportedInstances, metrics, stats, numaCells, pciPools.",
      ),
    spawnDelay: duration("0ms").describe("How long a guest takes to be made."),
    destroyDelay: duration("0ms").describe("How long a guest takes to be removed."),
    powerDelay: duration("0ms").describe("How long a guest takes to start, to stop and to reboot."),
    failures: z
      .array(failureSchema)
      .default([])
      .describe(
        "What fails: a verb (spawn, destroy, powerOn, powerOff, reboot), how (reschedule or abort), and for which host and servers.",
      ),
  }),
);

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
