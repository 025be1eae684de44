import type { HostAggregate, Options, RequestFilter, RequestRefusal, RequestSpec } from "@kilonova/plugin-api";
import { type AskedOfPlacement, requestFilterSuite, SampleDraft, sampleRequestSpec } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { AcceleratorsFilter } from "./accelerators-filter.js";
import { ComputeStatusFilter } from "./compute-status-filter.js";
import { EphemeralEncryptionFilter } from "./ephemeral-encryption-filter.js";
import { IsolateAggregates } from "./isolate-aggregates.js";
import { MapAzToAggregate } from "./map-az-to-aggregate.js";
import { requestFiltersOptions } from "./options.js";
import { OwnerNovaFilter } from "./owner-nova-filter.js";
import { PackedVirtqueueFilter } from "./packed-virtqueue-filter.js";
import { RemoteManagedPortsFilter } from "./remote-managed-ports-filter.js";
import { RequireImageTypeSupport } from "./require-image-type-support.js";
import { RequireTenantAggregate } from "./require-tenant-aggregate.js";
import { RoutedNetworksFilter } from "./routed-networks-filter.js";
import { TpmSecretSecurityFilter } from "./tpm-secret-security-filter.js";
import { TransformImageMetadata } from "./transform-image-metadata.js";
import { VirtioSoundFilter } from "./virtio-sound-filter.js";

type Settings = Options<typeof requestFiltersOptions>;
type Texts = Readonly<Record<string, string>>;

const settings = requestFiltersOptions.schema.parse({});
const everythingOn: Settings = {
  limitTenantsToPlacementAggregate: true,
  placementAggregateRequiredForTenants: true,
  queryPlacementForImageTypeSupport: true,
  enableIsolatedAggregateFiltering: true,
  imageMetadataPrefilter: true,
  queryPlacementForRoutedNetworkAggregates: true,
  requireOwnerNova: true,
};

describe.each<[string, (options: Settings) => RequestFilter]>([
  ["RequireTenantAggregate", (options) => new RequireTenantAggregate(options)],
  ["MapAzToAggregate", () => new MapAzToAggregate()],
  ["RequireImageTypeSupport", (options) => new RequireImageTypeSupport(options)],
  ["ComputeStatusFilter", () => new ComputeStatusFilter()],
  ["IsolateAggregates", (options) => new IsolateAggregates(options)],
  ["TransformImageMetadata", (options) => new TransformImageMetadata(options)],
  ["AcceleratorsFilter", () => new AcceleratorsFilter()],
  ["PackedVirtqueueFilter", () => new PackedVirtqueueFilter()],
  ["RoutedNetworksFilter", () => new RoutedNetworksFilter()],
  ["RemoteManagedPortsFilter", () => new RemoteManagedPortsFilter()],
  ["EphemeralEncryptionFilter", () => new EphemeralEncryptionFilter()],
  ["VirtioSoundFilter", () => new VirtioSoundFilter()],
  ["TpmSecretSecurityFilter", () => new TpmSecretSecurityFilter()],
  ["OwnerNovaFilter", (options) => new OwnerNovaFilter(options)],
])("%s", (_name, make) => {
  describe.each([
    ["by default", settings],
    ["with everything on", everythingOn],
  ])("%s", (_when, options) => {
    for (const { name, run } of requestFilterSuite(() => make(options))) test(name, run);
  });
});

function outcome(filter: RequestFilter, request: RequestSpec, draft = new SampleDraft()) {
  const refusal: RequestRefusal | undefined = filter.amend(request, draft);
  return { refusal, ...draft.asked };
}

/** What comes out where nothing is said otherwise. */
function asked(changes: Partial<AskedOfPlacement & { readonly refusal: RequestRefusal }> = {}) {
  return { refusal: undefined, required: [], forbidden: [], memberOf: [], notMemberOf: [], ...changes };
}

const required = (...traits: readonly string[]) => asked({ required: traits.map((trait) => [trait]) });

function aggregate(id: number, metadata: Texts): HostAggregate {
  return { id, uuid: `a${id}`, name: `aggregate ${id}`, metadata: { ...metadata } };
}

function hardware(extraSpecs: Texts, properties?: Texts, diskFormat?: string): RequestSpec {
  const image = { id: "image", minDisk: 0, minRam: 0, diskFormat, properties: { ...properties } };
  return sampleRequestSpec({ flavor: { extraSpecs: { ...extraSpecs } }, image: properties ? image : null });
}

describe("RequireTenantAggregate", () => {
  const aggregates = [
    aggregate(1, { filter_tenant_id: "project" }),
    aggregate(2, { filter_tenant_id2: "project", filter_tenant_id: "other" }),
    aggregate(3, { filter_tenant_id: "other" }),
    aggregate(4, { owner: "project" }),
    aggregate(5, { filter_tenant_id: "project, other" }),
  ];
  const refusal: RequestRefusal = {
    code: "no-tenant-aggregate",
    words: "there are no hosts for the project",
    outlook: "needs",
  };

  test.each<[string, Partial<Settings>, string, ReturnType<typeof asked>]>([
    ["does nothing unless told to", {}, "project", asked()],
    ["does nothing where only the must is on", { placementAggregateRequiredForTenants: true }, "lonely", asked()],
    [
      "asks for the aggregates that have the project under any such key",
      { limitTenantsToPlacementAggregate: true },
      "project",
      asked({ memberOf: [["a1", "a2"]] }),
    ],
    ["lets a project without one go anywhere", { limitTenantsToPlacementAggregate: true }, "lonely", asked()],
    [
      "refuses a project without one where it must have one",
      { limitTenantsToPlacementAggregate: true, placementAggregateRequiredForTenants: true },
      "lonely",
      asked({ refusal }),
    ],
  ])("%s", (_rule, changes, projectId, expected) => {
    const filter = new RequireTenantAggregate({ ...settings, ...changes });
    expect(outcome(filter, sampleRequestSpec({ projectId }), new SampleDraft(aggregates))).toEqual(expected);
  });
});

describe("MapAzToAggregate", () => {
  const aggregates = [
    aggregate(1, { availability_zone: "az1" }),
    aggregate(2, { ssd: "true" }),
    aggregate(3, { availability_zone: "az2" }),
    aggregate(4, { availability_zone: "az1", ssd: "true" }),
  ];

  test.each<[string, string | null, readonly HostAggregate[], ReturnType<typeof asked>]>([
    ["asks for nothing where no zone is asked for", null, aggregates, asked()],
    ["nor for a zone without a name", "", aggregates, asked()],
    ["asks for the aggregates of the zone", "az1", aggregates, asked({ memberOf: [["a1", "a4"]] })],
    [
      "refuses a zone that there is not",
      "az9",
      aggregates,
      asked({ refusal: { code: "no-such-zone", words: "there is no availability zone az9" } }),
    ],
    [
      "takes the default zone to be all hosts that are in none",
      "nova",
      aggregates,
      asked({ notMemberOf: ["a1", "a3", "a4"] }),
    ],
    ["takes it to be all hosts where there are no zones", "nova", [aggregate(2, { ssd: "true" })], asked()],
    [
      "takes aggregates that are called so to be the default zone",
      "nova",
      [...aggregates, aggregate(5, { availability_zone: "nova" })],
      asked({ memberOf: [["a5"]] }),
    ],
  ])("%s", (_rule, availabilityZone, there, expected) => {
    const request = sampleRequestSpec({ availabilityZone });
    expect(outcome(new MapAzToAggregate(), request, new SampleDraft(there))).toEqual(expected);
  });

  test("has a default zone of whatever name", () => {
    const filter = new MapAzToAggregate();
    const draft = () => new SampleDraft(aggregates, {}, "home");
    const home = outcome(filter, sampleRequestSpec({ availabilityZone: "home" }), draft());
    expect(home.notMemberOf).toEqual(["a1", "a3", "a4"]);
    const nova = outcome(filter, sampleRequestSpec({ availabilityZone: "nova" }), draft());
    expect(nova.refusal).toMatchObject({ code: "no-such-zone" });
  });

  test("says why hosts outside are dropped", () => {
    const draft = new SampleDraft(aggregates);
    for (const availabilityZone of ["az2", "nova"]) {
      new MapAzToAggregate().amend(sampleRequestSpec({ availabilityZone }), draft);
    }
    expect(draft.words).toEqual(["are outside zone az2", "are outside zone nova"]);
  });
});

describe("RequireImageTypeSupport", () => {
  const filter = new RequireImageTypeSupport({ ...settings, queryPlacementForImageTypeSupport: true });

  test.each<[string, RequestSpec, ReturnType<typeof asked>]>([
    ["asks for the image's format", hardware({}, {}, "qcow2"), required("COMPUTE_IMAGE_TYPE_QCOW2")],
    ["asks nothing for a format that has no trait", hardware({}, {}, "docker"), asked()],
    ["asks nothing where the format is not known", hardware({}, {}), asked()],
    ["asks nothing for a server without an image", hardware({}), asked()],
  ])("%s", (_rule, request, expected) => expect(outcome(filter, request)).toEqual(expected));

  test("does nothing unless told to", () => {
    expect(outcome(new RequireImageTypeSupport(settings), hardware({}, {}, "raw"))).toEqual(asked());
  });
});

test("ComputeStatusFilter forbids hosts that are disabled, whatever is asked for", () => {
  expect(outcome(new ComputeStatusFilter(), hardware({}))).toEqual(asked({ forbidden: ["COMPUTE_STATUS_DISABLED"] }));
});

describe("IsolateAggregates", () => {
  const on = new IsolateAggregates({ ...settings, enableIsolatedAggregateFiltering: true });
  const aggregates = [
    aggregate(1, { "trait:CUSTOM_GPU": "required" }),
    aggregate(2, { "trait:CUSTOM_GPU": "required", "trait:CUSTOM_WINDOWS": "required" }),
    aggregate(3, { "trait:CUSTOM_GPU": "forbidden" }),
    aggregate(4, { ssd: "required" }),
  ];

  test.each<[string, readonly string[], readonly string[]]>([
    ["forbids aggregates for whose traits nobody asks", [], ["a1", "a2"]],
    ["opens those for all of whose traits are asked", ["CUSTOM_GPU"], ["a2"]],
    ["whatever else is asked for", ["CUSTOM_WINDOWS", "CUSTOM_GPU", "CUSTOM_X"], []],
  ])("%s", (_rule, traits, notMemberOf) => {
    const draft = new SampleDraft(aggregates);
    for (const trait of traits) draft.requireTrait(trait);
    expect(outcome(on, hardware({}), draft)).toMatchObject({ refusal: undefined, notMemberOf, memberOf: [] });
  });

  test("does nothing unless told to", () => {
    expect(outcome(new IsolateAggregates(settings), hardware({}), new SampleDraft(aggregates))).toEqual(asked());
  });
});

describe("TransformImageMetadata", () => {
  const on = new TransformImageMetadata({ ...settings, imageMetadataPrefilter: true });

  test.each<[string, Texts | undefined, ReturnType<typeof asked>]>([
    ["a server without an image", undefined, asked()],
    ["an image that says nothing", { os_distro: "debian" }, asked()],
    ["hw_cdrom_bus", { hw_cdrom_bus: "ide" }, required("COMPUTE_STORAGE_BUS_IDE")],
    ["hw_disk_bus", { hw_disk_bus: "virtio" }, required("COMPUTE_STORAGE_BUS_VIRTIO")],
    ["hw_video_model", { hw_video_model: "vga" }, required("COMPUTE_GRAPHICS_MODEL_VGA")],
    [
      "hw_vif_model, a dash for an underscore",
      { hw_vif_model: "ne2k-pci" },
      required("COMPUTE_NET_VIF_MODEL_NE2K_PCI"),
    ],
    ["hw_architecture", { hw_architecture: "x86_64" }, required("HW_ARCH_X86_64")],
    ["hw_emulation_architecture", { hw_emulation_architecture: "aarch64" }, required("COMPUTE_ARCH_AARCH64")],
    ["hw_viommu_model", { hw_viommu_model: "smmuv3" }, required("COMPUTE_VIOMMU_SMMUV3")],
    ["one trait once", { hw_cdrom_bus: "scsi", hw_disk_bus: "scsi" }, required("COMPUTE_STORAGE_BUS_SCSI")],
    [
      "all of them",
      { hw_disk_bus: "sata", hw_video_model: "qxl" },
      required("COMPUTE_STORAGE_BUS_SATA", "COMPUTE_GRAPHICS_MODEL_QXL"),
    ],
    [
      "what no trait can be called",
      { hw_disk_bus: "sata", hw_video_model: "a b" },
      asked({ refusal: { code: "bad-image-property", words: 'no host can have hw_video_model "a b"' } }),
    ],
  ])("%s", (_property, properties, expected) => expect(outcome(on, hardware({}, properties))).toEqual(expected));

  test("does nothing unless told to", () => {
    expect(outcome(new TransformImageMetadata(settings), hardware({}, { hw_disk_bus: "ide" }))).toEqual(asked());
  });
});

const conflict = (name: string) =>
  asked({
    refusal: {
      code: "flavor-image-conflict",
      words: `the flavor's hw:${name} and the image's hw_${name} contradict each other`,
    },
  });

describe.each<[string, RequestFilter, readonly (readonly [string, RequestSpec, ReturnType<typeof asked>])[]]>([
  [
    "AcceleratorsFilter",
    new AcceleratorsFilter(),
    [
      ["a device profile", hardware({ "accel:device_profile": "gpu" }), required("COMPUTE_ACCELERATORS")],
      ["an empty one", hardware({ "accel:device_profile": "" }), asked()],
      ["none", hardware({}), asked()],
    ],
  ],
  [
    "PackedVirtqueueFilter",
    new PackedVirtqueueFilter(),
    [
      ["nobody wants it", hardware({}, {}), asked()],
      ["the flavor does", hardware({ "hw:virtio_packed_ring": "True" }), required("COMPUTE_NET_VIRTIO_PACKED")],
      ["the image does", hardware({}, { hw_virtio_packed_ring: "1" }), required("COMPUTE_NET_VIRTIO_PACKED")],
      [
        "both do, in other words",
        hardware({ "hw:virtio_packed_ring": "yes" }, { hw_virtio_packed_ring: "on" }),
        required("COMPUTE_NET_VIRTIO_PACKED"),
      ],
      ["the flavor does not", hardware({ "hw:virtio_packed_ring": "false" }), asked()],
      [
        "one does and one does not",
        hardware({ "hw:virtio_packed_ring": "false" }, { hw_virtio_packed_ring: "true" }),
        conflict("virtio_packed_ring"),
      ],
    ],
  ],
  [
    "EphemeralEncryptionFilter",
    new EphemeralEncryptionFilter(),
    [
      ["nobody wants it", hardware({ "hw:ephemeral_encryption_format": "luks" }), asked()],
      ["the flavor does", hardware({ "hw:ephemeral_encryption": "true" }), required("COMPUTE_EPHEMERAL_ENCRYPTION")],
      [
        "the image does, in a format",
        hardware({}, { hw_ephemeral_encryption: "true", hw_ephemeral_encryption_format: "luks" }),
        required("COMPUTE_EPHEMERAL_ENCRYPTION", "COMPUTE_EPHEMERAL_ENCRYPTION_LUKS"),
      ],
      [
        "the flavor does, the image has the format",
        hardware({ "hw:ephemeral_encryption": "true" }, { hw_ephemeral_encryption_format: "plain" }),
        required("COMPUTE_EPHEMERAL_ENCRYPTION", "COMPUTE_EPHEMERAL_ENCRYPTION_PLAIN"),
      ],
      [
        "in a format that there is not",
        hardware({ "hw:ephemeral_encryption": "true", "hw:ephemeral_encryption_format": "rot13" }),
        asked({
          refusal: { code: "bad-encryption-format", words: 'there is no ephemeral encryption format "rot13"' },
        }),
      ],
      [
        "one wants it and one does not",
        hardware({ "hw:ephemeral_encryption": "true" }, { hw_ephemeral_encryption: "false" }),
        conflict("ephemeral_encryption"),
      ],
      [
        "in two formats",
        hardware(
          { "hw:ephemeral_encryption": "true", "hw:ephemeral_encryption_format": "luks" },
          { hw_ephemeral_encryption_format: "plain" },
        ),
        conflict("ephemeral_encryption_format"),
      ],
    ],
  ],
  [
    "VirtioSoundFilter",
    new VirtioSoundFilter(),
    [
      ["no sound", hardware({}, {}), asked()],
      ["another model", hardware({ "hw:sound_model": "ich9" }), asked()],
      ["the flavor's", hardware({ "hw:sound_model": "virtio" }), required("COMPUTE_SOUND_MODEL_VIRTIO")],
      ["the image's", hardware({}, { hw_sound_model: "virtio" }), required("COMPUTE_SOUND_MODEL_VIRTIO")],
      ["two", hardware({ "hw:sound_model": "virtio" }, { hw_sound_model: "usb" }), conflict("sound_model")],
    ],
  ],
  [
    "TpmSecretSecurityFilter",
    new TpmSecretSecurityFilter(),
    [
      ["no TPM", hardware({ "hw:tpm_secret_security": "host" }), asked()],
      ["the flavor's", hardware({ "hw:tpm_version": "2.0" }), required("COMPUTE_SECURITY_TPM_SECRET_SECURITY_USER")],
      ["the image's", hardware({}, { hw_tpm_version: "2.0" }), required("COMPUTE_SECURITY_TPM_SECRET_SECURITY_USER")],
      [
        "kept by the host",
        hardware({ "hw:tpm_version": "2.0", "hw:tpm_secret_security": "host" }),
        required("COMPUTE_SECURITY_TPM_SECRET_SECURITY_HOST"),
      ],
      [
        "kept by the deployment",
        hardware({ "hw:tpm_version": "2.0", "hw:tpm_secret_security": "deployment" }),
        required("COMPUTE_SECURITY_TPM_SECRET_SECURITY_DEPLOYMENT"),
      ],
      [
        "kept by nobody",
        hardware({ "hw:tpm_version": "2.0", "hw:tpm_secret_security": "none" }),
        asked({ refusal: { code: "bad-tpm-secret-security", words: 'there is no TPM secret security "none"' } }),
      ],
      ["two", hardware({ "hw:tpm_version": "2.0" }, { hw_tpm_version: "1.2" }), conflict("tpm_version")],
    ],
  ],
  [
    "OwnerNovaFilter",
    new OwnerNovaFilter({ ...settings, requireOwnerNova: true }),
    [["where it is on", hardware({}), required("OWNER_NOVA")]],
  ],
  ["OwnerNovaFilter", new OwnerNovaFilter(settings), [["where it is off", hardware({}), asked()]]],
  [
    "RoutedNetworksFilter",
    new RoutedNetworksFilter(),
    [["networks have no segments", sampleRequestSpec({ networks: [{ networkId: "n" }] }), asked()]],
  ],
  [
    "RemoteManagedPortsFilter",
    new RemoteManagedPortsFilter(),
    [["requests name no ports", sampleRequestSpec({ networks: [{ networkId: "n" }] }), asked()]],
  ],
])("%s", (_name, filter, cases) => {
  test.each(cases)("%s", (_case, request, expected) => expect(outcome(filter, request)).toEqual(expected));
});
