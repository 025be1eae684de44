import { duration, objectPath, optionGroup } from "@kilonova/config";
import { z } from "zod";

/** Options of the conductor. */
export const conductorOptions = optionGroup(
  "conductor",
  z.object({
    manager: objectPath("service")
      .default("@kilonova/conductor#ConductorManager")
      .describe("Who answers as the conductor."),
    workers: z
      .number()
      .int()
      .positive()
      .default(32)
      .describe("How many operations a conductor works on at the same time."),
    maxAttempts: z.number().int().positive().default(3).describe("How many hosts may try to build a server."),
    operationLease: duration("60s")
      .refine((lease) => lease >= 5_000, "expected 5s or more")
      .describe(
        "How long an operation is its owner's unless renewed: so long nobody takes over from a process that was killed.",
      ),
    operationDeadline: duration("1h").describe("An operation that has not ended after so long is given up."),
    stepTimeout: duration("60s").describe(
      "How long a step waits for a service that does not answer before it is begun anew.",
    ),
    computeDownLimit: duration("2m").describe(
      "When a compute has been down for so long, its operations are taken away from it: builds go to another host, deletes are done without it.",
    ),
  }),
);
