import { duration, objectPath, optionGroup } from "@kilonova/config";
import { z } from "zod";

const paths = (kind: string, preset: readonly string[]) => z.array(objectPath(kind)).default([...preset]);

/** In the order of the original: nova-facts 6.2. */
const REQUEST_FILTERS = [
  "RequireTenantAggregate",
  "MapAzToAggregate",
  "RequireImageTypeSupport",
  "ComputeStatusFilter",
  "IsolateAggregates",
  "TransformImageMetadata",
  "AcceleratorsFilter",
  "PackedVirtqueueFilter",
  "RoutedNetworksFilter",
  "RemoteManagedPortsFilter",
  "EphemeralEncryptionFilter",
  "VirtioSoundFilter",
  "TpmSecretSecurityFilter",
  "OwnerNovaFilter",
].map((name) => `@kilonova/request-filters#${name}`);
/** Those that the original has enabled: nova-facts 6.4. */
const FILTERS = [
  "@kilonova/filters-host#ComputeFilter",
  "@kilonova/filters-host#ComputeCapabilitiesFilter",
  "@kilonova/filters-host#ImagePropertiesFilter",
  "@kilonova/filters-affinity#ServerGroupAntiAffinityFilter",
  "@kilonova/filters-affinity#ServerGroupAffinityFilter",
];
/** All that the original has: nova-facts 6.5. */
const WEIGHERS = [
  "@kilonova/weighers-resource#RAMWeigher",
  "@kilonova/weighers-resource#CPUWeigher",
  "@kilonova/weighers-resource#DiskWeigher",
  "@kilonova/weighers-resource#IoOpsWeigher",
  "@kilonova/weighers-resource#NumInstancesWeigher",
  "@kilonova/weighers-resource#PCIWeigher",
  "@kilonova/weighers-resource#MetricsWeigher",
  "@kilonova/weighers-affinity#ServerGroupSoftAffinityWeigher",
  "@kilonova/weighers-affinity#ServerGroupSoftAntiAffinityWeigher",
  "@kilonova/weighers-affinity#CrossCellWeigher",
  "@kilonova/weighers-history#BuildFailureWeigher",
  "@kilonova/weighers-history#HypervisorVersionWeigher",
  "@kilonova/weighers-history#ImagePropertiesWeigher",
];

const weights = z.record(z.string(), z.number()).default({});

/** A chain of its own for some requests. */
const profile = z.object({
  requestFilters: z.array(objectPath("request-filter")).optional(),
  filters: z.array(objectPath("filter")).optional(),
  weighers: z.array(objectPath("weigher")).optional(),
  weights,
  mayBeAskedFor: z.boolean().default(false),
  flavors: z.array(z.string()).default([]),
  images: z.array(z.string()).default([]),
  projects: z.array(z.string()).default([]),
});

export const schedulerOptions = optionGroup(
  "scheduler",
  z.object({
    manager: objectPath("service")
      .default("@kilonova/scheduler#schedulerManager")
      .describe("Who answers the scheduler's calls."),
    driver: objectPath("scheduler").default("@kilonova/scheduler#FilterScheduler").describe("The scheduling strategy."),
    requestFilters: paths("request-filter", REQUEST_FILTERS)
      .meta({ mutable: true })
      .describe("What amends a request before hosts are looked at, in this order: object paths."),
    filters: paths("filter", FILTERS)
      .meta({ mutable: true })
      .describe("The filters that a host has to pass, in this order: object paths."),
    weighers: paths("weigher", WEIGHERS)
      .meta({ mutable: true })
      .describe(
        "What makes one host better than another: object paths. How much each counts is its own option, or stands in `weights`.",
      ),
    weights: weights
      .meta({ mutable: true })
      .describe("How much weighers count, by class name, in place of their own options. Aggregates may say otherwise."),
    profiles: z
      .record(
        z
          .string()
          .regex(
            /^(?!default$)[a-z][a-z0-9-]{0,62}$/,
            "expected a name in lower case, such as gpu or fill-up, other than default",
          ),
        profile,
      )
      .default({})
      .meta({ mutable: true })
      .describe(
        "Further chains by name. One is for flavors with extra spec `kilonova:scheduler_profile`, for the flavors, images and projects that it lists, and, with `mayBeAskedFor`, for users who name it by hint or image property `scheduler_profile`; what it leaves out is as in the options above.",
      ),
    pluginTimeLimit: duration("1s")
      .meta({ mutable: true })
      .describe("How long one plugin may take for one request, over all hosts."),
    pluginBreakAfter: z
      .number()
      .int()
      .positive()
      .default(5)
      .meta({ mutable: true })
      .describe(
        "After so many requests in a row that a plugin was too slow for or failed at altogether, it is not asked.",
      ),
    pluginBreakFor: duration("30s").meta({ mutable: true }).describe("How long it is not asked then."),
    pluginPolicies: z
      .record(
        z.string(),
        z.object({ timeLimit: duration("1s").unwrap().optional(), onFailure: z.enum(["pass", "fail"]).optional() }),
      )
      .default({})
      .meta({ mutable: true })
      .describe(
        "Of plugins by class name: their own time limit, and whether a host passes that they could not be asked about. A filter fails it unless something else is said.",
      ),
    forcedHostsSkipFilters: z
      .boolean()
      .default(false)
      .describe("A host that the zone names (zone:host) need not pass the filters, as in OpenStack Nova."),
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
    decisionsKeep: duration("14d").describe("How long is kept what was decided, and why."),
    decisionsMost: z
      .number()
      .int()
      .nonnegative()
      .default(1_000_000)
      .describe("So many decisions are kept at most; the oldest go first."),
    decisionWriteInterval: duration("1s").describe(
      "How long a decision waits for others to be written with, unless there are a hundred before.",
    ),
    decisionMaxBytes: z
      .number()
      .int()
      .min(4_096)
      .default(262_144)
      .describe(
        "What one decision may take, in bytes of JSON; from a larger one details are left out, and it says which.",
      ),
  }),
);
