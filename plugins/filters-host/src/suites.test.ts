import { filterSuite } from "@kilonova/plugin-testing";
import { describe, test } from "vitest";
import { AllHostsFilter } from "./all-hosts-filter.js";
import { ComputeCapabilitiesFilter } from "./compute-capabilities-filter.js";
import { ImagePropertiesFilter } from "./image-properties-filter.js";
import { IoOpsFilter } from "./io-ops-filter.js";
import { IsolatedHostsFilter } from "./isolated-hosts-filter.js";
import { JsonFilter } from "./json-filter.js";
import { MetricsFilter } from "./metrics-filter.js";
import { NumInstancesFilter } from "./num-instances-filter.js";
import { filtersHostOptions } from "./options.js";

const settings = (written: object = {}) => filtersHostOptions.schema.parse(written);

describe.each([
  ["AllHostsFilter", () => new AllHostsFilter()],
  ["ComputeCapabilitiesFilter", () => new ComputeCapabilitiesFilter()],
  ["ImagePropertiesFilter", () => new ImagePropertiesFilter(settings())],
  [
    "ImagePropertiesFilter with a default architecture",
    () => new ImagePropertiesFilter(settings({ imagePropertiesDefaultArchitecture: "aarch64" })),
  ],
  ["IoOpsFilter", () => new IoOpsFilter(settings())],
  ["IoOpsFilter that allows none", () => new IoOpsFilter(settings({ maxIoOpsPerHost: 0 }))],
  ["NumInstancesFilter", () => new NumInstancesFilter(settings())],
  ["NumInstancesFilter that allows one", () => new NumInstancesFilter(settings({ maxInstancesPerHost: 1 }))],
  ["IsolatedHostsFilter", () => new IsolatedHostsFilter(settings())],
  [
    "IsolatedHostsFilter with isolated images and hosts",
    () => new IsolatedHostsFilter(settings({ isolatedImages: ["image"], isolatedHosts: ["host1", "full"] })),
  ],
  [
    "IsolatedHostsFilter that does not restrict",
    () =>
      new IsolatedHostsFilter(
        settings({
          isolatedImages: ["image"],
          isolatedHosts: ["host1"],
          restrictIsolatedHostsToIsolatedImages: false,
        }),
      ),
  ],
  ["JsonFilter", () => new JsonFilter()],
  ["MetricsFilter", () => new MetricsFilter(settings())],
  ["MetricsFilter with metrics", () => new MetricsFilter(settings({ metricsWeightSetting: ["cpu.percent=-1.0"] }))],
])("%s does what every filter promises:", (_name, makeFilter) => {
  for (const { name, run } of filterSuite(makeFilter)) test(name, run);
});
