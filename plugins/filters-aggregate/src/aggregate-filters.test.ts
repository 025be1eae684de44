import { filterSuite, sampleHost, sampleRequest } from "@kilonova/plugin-testing";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { AggregateImagePropertiesIsolation } from "./aggregate-image-properties-isolation.js";
import { AggregateInstanceExtraSpecsFilter } from "./aggregate-instance-extra-specs-filter.js";
import { AggregateIoOpsFilter } from "./aggregate-io-ops-filter.js";
import { smallestLimit } from "./aggregate-metadata.js";
import { AggregateMultiTenancyIsolation } from "./aggregate-multi-tenancy-isolation.js";
import { AggregateNumInstancesFilter } from "./aggregate-num-instances-filter.js";
import { AggregateTypeAffinityFilter } from "./aggregate-type-affinity-filter.js";
import { AvailabilityZoneFilter } from "./availability-zone-filter.js";
import { filtersAggregateOptions } from "./options.js";

type Metadata = Readonly<Record<string, string>>;

const settings = (written: object = {}) => filtersAggregateOptions.schema.parse(written);

/** A host in one aggregate for each of these. */
function hostIn(metadata: readonly Metadata[], changes: { ioOps?: number; servers?: number } = {}) {
  const aggregates = metadata.map((each, id) => ({ id: id + 1, uuid: `a${id}`, name: `a${id}`, metadata: each }));
  return sampleHost({ aggregates, ...changes });
}

describe.each([
  ["AvailabilityZoneFilter", () => new AvailabilityZoneFilter()],
  ["AggregateImagePropertiesIsolation", () => new AggregateImagePropertiesIsolation(settings())],
  [
    "AggregateImagePropertiesIsolation with a namespace",
    () =>
      new AggregateImagePropertiesIsolation(
        settings({
          aggregateImagePropertiesIsolationNamespace: "os",
          aggregateImagePropertiesIsolationSeparator: "_",
        }),
      ),
  ],
  ["AggregateInstanceExtraSpecsFilter", () => new AggregateInstanceExtraSpecsFilter()],
  ["AggregateMultiTenancyIsolation", () => new AggregateMultiTenancyIsolation()],
  ["AggregateTypeAffinityFilter", () => new AggregateTypeAffinityFilter()],
  ["AggregateIoOpsFilter", () => new AggregateIoOpsFilter(settings())],
  ["AggregateIoOpsFilter that allows none", () => new AggregateIoOpsFilter(settings({ maxIoOpsPerHost: 0 }))],
  ["AggregateNumInstancesFilter", () => new AggregateNumInstancesFilter(settings())],
  ["AggregateNumInstancesFilter with 1", () => new AggregateNumInstancesFilter(settings({ maxInstancesPerHost: 1 }))],
])("%s does what every filter promises:", (_name, makeFilter) => {
  for (const { name, run } of filterSuite(makeFilter)) test(name, run);
});

describe("AvailabilityZoneFilter", () => {
  const filter = new AvailabilityZoneFilter();
  it.each([
    [null, "az1", true],
    ["az1", "az1", true],
    ["az2", "az1", { code: "outside-zone", words: "are outside zone az2" }],
  ])("asked for zone %j, a host in %j", (availabilityZone, hostZone, verdict) => {
    const request = sampleRequest({ availabilityZone });
    expect(filter.hostPasses(sampleHost({ availabilityZone: hostZone }), request)).toEqual(verdict);
    expect(filter.concerns(request)).toBe(availabilityZone !== null);
  });
});

describe("AggregateIoOpsFilter and AggregateNumInstancesFilter", () => {
  it.each<[Metadata[], number]>([
    [[], 8],
    [[{ other: "1" }], 8],
    [[{ max_io_ops_per_host: "3" }], 3],
    [[{ max_io_ops_per_host: "30" }], 30],
    [[{ max_io_ops_per_host: "5" }, { max_io_ops_per_host: "3" }, { max_io_ops_per_host: "4" }], 3],
    [[{ max_io_ops_per_host: "many" }], 8],
    [[{ max_io_ops_per_host: "many" }, { max_io_ops_per_host: "30" }], 30],
    [[{ max_io_ops_per_host: "" }, { max_io_ops_per_host: "2.5" }, { max_io_ops_per_host: "1,2" }], 8],
    [[{ max_io_ops_per_host: " 4 " }], 4],
  ])("with aggregates %j, %i operations are too many, one less is not", (metadata, limit) => {
    const filter = new AggregateIoOpsFilter(settings());
    expect(filter.hostPasses(hostIn(metadata, { ioOps: limit - 1 }))).toBe(true);
    expect(filter.hostPasses(hostIn(metadata, { ioOps: limit }))).toEqual({
      code: "too-many-io-ops",
      words: `have ${limit} or more operations going on`,
      outlook: "not-now",
    });
    const counted = metadata.map((each) => {
      const text = each["max_io_ops_per_host"];
      return text === undefined ? {} : { max_instances_per_host: text };
    });
    const servers = new AggregateNumInstancesFilter(settings({ maxInstancesPerHost: 8 }));
    expect(servers.hostPasses(hostIn(counted, { servers: limit - 1 }))).toBe(true);
    expect(servers.hostPasses(hostIn(counted, { servers: limit }))).toEqual({
      code: "too-many-servers",
      words: `hold ${limit} or more servers`,
      outlook: "not-now",
    });
  });

  it("take the option where no aggregate says anything, 8 and 50 by default", () => {
    expect(new AggregateNumInstancesFilter(settings()).hostPasses(hostIn([], { servers: 49 }))).toBe(true);
    expect(new AggregateNumInstancesFilter(settings()).hostPasses(hostIn([], { servers: 50 }))).not.toBe(true);
    expect(new AggregateIoOpsFilter(settings({ maxIoOpsPerHost: 2 })).hostPasses(hostIn([], { ioOps: 2 }))).not.toBe(
      true,
    );
  });

  it("take the smallest of what can be read, whatever else there is", () => {
    const text = fc.oneof(fc.integer().map(String), fc.string());
    fc.assert(
      fc.property(fc.array(text), fc.integer(), (texts, otherwise) => {
        const limit = smallestLimit(hostIn(texts.map((limit) => ({ limit }))), "limit", otherwise);
        const readable = texts.filter((each) => /^\s*[+-]?\d+\s*$/.test(each)).map(Number);
        expect(limit).toBe(readable.length === 0 ? otherwise : readable.sort((one, other) => one - other)[0]);
      }),
    );
  });
});

describe("AggregateTypeAffinityFilter", () => {
  it.each<[Metadata[], boolean]>([
    [[], true],
    [[{ ssd: "true" }], true],
    [[{ instance_type: "small" }], true],
    [[{ instance_type: "large, small" }], true],
    [[{ instance_type: "large" }, { instance_type: "small" }], true],
    [[{ instance_type: "large" }, {}], false],
    [[{ instance_type: "" }], false],
    [[{ instance_type: "small.1" }], false],
  ])("aggregates %j take flavor small: %s", (metadata, passes) => {
    const verdict = new AggregateTypeAffinityFilter().hostPasses(hostIn(metadata), sampleRequest());
    expect(verdict).toEqual(passes || { code: "other-flavors", words: "are kept for other flavors than small" });
  });
});

describe("AggregateMultiTenancyIsolation", () => {
  it.each<[Metadata[], boolean]>([
    [[], true],
    [[{ ssd: "true" }], true],
    [[{ filter_tenant_id: "project" }], true],
    [[{ filter_tenant_id: "other, project" }], true],
    [[{ filter_tenant_id: "other" }], false],
    [[{ filter_tenant_id: "other" }, { filter_tenant_id: "project" }], true],
    [[{ filter_tenant_id: "other", filter_tenant_id2: "project" }], true],
    [[{ filter_tenant_id_b: "other" }, {}], false],
    [[{ filter_tenant_id: "" }], false],
  ])("aggregates %j take project: %s", (metadata, passes) => {
    const verdict = new AggregateMultiTenancyIsolation().hostPasses(hostIn(metadata), sampleRequest());
    expect(verdict).toEqual(passes || { code: "other-projects", words: "are kept for other projects" });
  });
});

describe("AggregateInstanceExtraSpecsFilter", () => {
  function verdict(extraSpecs: Metadata, metadata: readonly Metadata[]) {
    const filter = new AggregateInstanceExtraSpecsFilter();
    const request = sampleRequest({ flavor: { extraSpecs } });
    return filter.hostPasses(hostIn(metadata), request, filter.prepare(request));
  }

  it.each<[Metadata, Metadata[], true | string]>([
    [{}, [], true],
    [{ ssd: "true" }, [{ ssd: "true" }], true],
    [{ ssd: "true" }, [{ ssd: "false" }], "metadata-differs"],
    [{ ssd: "true" }, [{ ssd: "false" }, { ssd: "true" }], true],
    [{ ssd: "true" }, [{ ssd: "false, true" }], true],
    [{ ssd: "true" }, [{ disk: "ssd" }], "no-such-metadata"],
    [{ ssd: "true" }, [], "no-such-metadata"],
    [{ "aggregate_instance_extra_specs:ssd": "true" }, [{ ssd: "true" }], true],
    [{ "aggregate_instance_extra_specs:a:b": "1" }, [{ "a:b": "1" }], true],
    [{ "aggregate_instance_extra_specs:ssd": "true" }, [{ ssd: "false" }], "metadata-differs"],
    [{ "capabilities:ssd": "true", "hw:numa_nodes": "2" }, [], true],
    [{ generation: ">= 3" }, [{ generation: "4" }], true],
    [{ generation: ">= 3" }, [{ generation: "2" }], "metadata-differs"],
    [{ rack: "<or> a <or> b" }, [{ rack: "b" }], true],
    [{ generation: ">=" }, [{ generation: "4" }], "extra-spec-malformed"],
    [{ ssd: "true", rack: "a" }, [{ ssd: "true" }, { rack: "a" }], true],
    [{ ssd: "true", rack: "a" }, [{ ssd: "true" }, { rack: "b" }], "metadata-differs"],
    [{ constructor: "x" }, [{ ssd: "true" }], "no-such-metadata"],
  ])("extra specs %j on aggregates %j: %s", (extraSpecs, metadata, expected) => {
    const found = verdict(extraSpecs, metadata);
    expect(typeof found === "object" ? found.code : found).toBe(expected);
  });

  it("says which spec it is", () => {
    expect(verdict({ ssd: "true" }, [{ ssd: "false" }])).toEqual({
      code: "metadata-differs",
      words: "do not match extra spec ssd=true",
    });
    expect(verdict({ ssd: "true" }, [])).toEqual({
      code: "no-such-metadata",
      words: "are in no aggregate with ssd, which extra spec ssd=true asks for",
    });
    expect(verdict({ ssd: "== yes" }, [])).toEqual({
      code: "extra-spec-malformed",
      words: "cannot match extra spec ssd=== yes, which has no number after ==",
    });
  });
});

describe("AggregateImagePropertiesIsolation", () => {
  function verdict(properties: Metadata, metadata: readonly Metadata[], written: object = {}) {
    const filter = new AggregateImagePropertiesIsolation(settings(written));
    const request = sampleRequest({ image: { id: "image", minDisk: 0, minRam: 0, properties } });
    return filter.hostPasses(hostIn(metadata), request, filter.prepare(request));
  }

  const OS = { aggregateImagePropertiesIsolationNamespace: "os" };
  const OS_DISTRO = { ...OS, aggregateImagePropertiesIsolationSeparator: "_" };

  it.each<[Metadata, Metadata[], object, boolean]>([
    [{}, [], {}, true],
    [{}, [{ os_distro: "windows" }], {}, true],
    [{ os_distro: "debian" }, [], {}, true],
    [{ os_distro: "debian" }, [{ ssd: "true" }], {}, true],
    [{ os_distro: "debian" }, [{ os_distro: "debian" }], {}, true],
    [{ os_distro: "debian" }, [{ os_distro: "windows, debian" }], {}, true],
    [{ os_distro: "debian" }, [{ os_distro: "windows" }, { os_distro: "debian" }], {}, true],
    [{ os_distro: "debian" }, [{ os_distro: "windows" }], {}, false],
    [{ os_distro: "" }, [{ os_distro: "windows" }], {}, true],
    [{ os_distro: "debian", hw_vif: "x" }, [{ os_distro: "debian", hw_vif: "y" }], {}, false],
    [{ os_distro: "debian" }, [{ os_distro: "windows" }], OS, true],
    [{ "os.distro": "debian" }, [{ "os.distro": "windows" }], OS, false],
    [{ os_distro: "debian" }, [{ os_distro: "windows" }], OS_DISTRO, false],
    [{ os_distro: "debian", hw_vif: "x" }, [{ os_distro: "debian", hw_vif: "y" }], OS_DISTRO, true],
  ])("image %j on aggregates %j with options %j: %s", (properties, metadata, written, passes) => {
    const found = verdict(properties, metadata, written);
    expect(typeof found === "object" ? found.code : found).toBe(passes || "other-images");
  });

  it("says which property it is", () => {
    expect(verdict({ os_distro: "debian" }, [{ os_distro: "windows" }])).toEqual({
      code: "other-images",
      words: "are kept for images with another os_distro than debian",
    });
  });

  it("has no concern with a request without an image, and is asked for a rebuild", () => {
    const filter = new AggregateImagePropertiesIsolation(settings());
    expect(filter.concerns(sampleRequest())).toBe(false);
    expect(filter.runsOnRebuild).toBe(true);
  });
});
