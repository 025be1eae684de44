import { duration, objectPath, optionGroup } from "@kilonova/config";
import { z } from "zod";

const paths = (kind: string, preset: readonly string[]) => z.array(objectPath(kind)).default([...preset]);

export const schedulerOptions = optionGroup(
  "scheduler",
  z.object({
    manager: objectPath("service")
      .default("@kilonova/scheduler#schedulerManager")
      .describe("Who answers the scheduler's calls."),
    driver: objectPath("scheduler").default("@kilonova/scheduler#FilterScheduler").describe("The scheduling strategy."),
    filters: paths("filter", ["@kilonova/filters-host#ComputeFilter"]).describe(
      "The filters that a host has to pass, in this order: object paths.",
    ),
    weighers: paths("weigher", [
      "@kilonova/weighers-resource#RAMWeigher",
      "@kilonova/weighers-resource#CPUWeigher",
      "@kilonova/weighers-resource#DiskWeigher",
    ]).describe("What makes one host better than another: object paths. How much each counts is its own option."),
    maxAttempts: z.number().int().positive().default(3).describe("On how many hosts a build is tried at most."),
    hostSubsetSize: z
      .number()
      .int()
      .positive()
      .default(1)
      .describe("A host is picked at random among so many of the best."),
    shuffleBestSameWeighedHosts: z
      .boolean()
      .default(true)
      .describe(
        "Hosts of the same weight are taken in random order, so that several schedulers don't all take the same.",
      ),
    defaultAvailabilityZone: z.string().min(1).default("nova").describe("The zone of hosts that are in none."),
    mirrorInterval: duration("1s").describe("How often the scheduler asks placement what has changed."),
    mirrorMaxAge: duration("5s").describe(
      "A request waits for news from placement where the last are older than this.",
    ),
    mirrorCheckInterval: duration("10m").describe(
      "How often everything is read again and compared, in case a change was missed.",
    ),
    hostRefreshInterval: duration("5s").describe("How often service records and hypervisors are read again."),
  }),
);
