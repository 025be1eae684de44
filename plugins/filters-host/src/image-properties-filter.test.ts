import { sampleHost, sampleRequest } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { ImagePropertiesFilter } from "./image-properties-filter.js";
import { filtersHostOptions } from "./options.js";
import { versionPredicate } from "./version-predicate.js";

const KVM = { architecture: "x86_64", hypervisorType: "kvm", vmMode: "hvm" };
const XEN = { architecture: "i686", hypervisorType: "xen", vmMode: "xen" };

const HOST = {
  supportedInstances: [KVM, XEN],
  hypervisorVersion: 6_002_003,
  stats: { cpu_info: { maxphysaddr: { bits: 42 } } },
};

function verdict(properties: Record<string, string> | null, host = HOST, written: object = {}) {
  const filter = new ImagePropertiesFilter(filtersHostOptions.schema.parse(written));
  const image = properties && { id: "image", minDisk: 0, minRam: 0, properties };
  const request = sampleRequest({ image });
  return filter.hostPasses(sampleHost(host), request, filter.prepare(request));
}

describe("ImagePropertiesFilter", () => {
  it.each<[Record<string, string>, string | true]>([
    [{}, true],
    [{ os_distro: "debian" }, true],
    [{ hw_architecture: "x86_64" }, true],
    [{ hw_architecture: "AMD64" }, true],
    [{ hw_architecture: "i386" }, true],
    [{ hw_architecture: "aarch64" }, "architecture aarch64"],
    [{ img_hv_type: "kvm" }, true],
    [{ img_hv_type: "KVM" }, true],
    [{ img_hv_type: "xapi" }, true],
    [{ img_hv_type: "vmware" }, "hypervisor type vmware"],
    [{ hw_vm_mode: "hv" }, true],
    [{ hw_vm_mode: "pv" }, true],
    [{ hw_vm_mode: "exe" }, "mode exe"],
    [{ hw_architecture: "x86_64", img_hv_type: "kvm", hw_vm_mode: "hvm" }, true],
    // Each is supported, but not together.
    [{ hw_architecture: "x86_64", img_hv_type: "xen" }, "architecture x86_64, hypervisor type xen"],
  ])("%j", (properties, expected) => {
    expect(verdict(properties)).toEqual(
      expected === true || { code: "guest-not-supported", words: `do not support the image's ${expected}` },
    );
  });

  it.each<[string, boolean]>([
    [">=6.0", true],
    [">=6.0, <7.0", true],
    ["==6.2.3", true],
    ["!=6.2.3", false],
    [">6.2.3", false],
    ["<=6.2.3", true],
    ["<6.2", false],
  ])("a hypervisor of version %s", (version, passes) => {
    expect(verdict({ img_hv_type: "kvm", img_hv_requested_version: version })).toEqual(
      passes || { code: "hypervisor-version", words: `have no hypervisor of version ${version}` },
    );
  });

  it("says that a version cannot be read", () => {
    expect(verdict({ img_hv_type: "kvm", img_hv_requested_version: "new" })).toEqual({
      code: "version-malformed",
      words: "cannot match the image's img_hv_requested_version, new, which is no comparison with a version",
    });
  });

  it("does not look at a version alone, nor at that of a host that has none", () => {
    expect(verdict({ img_hv_requested_version: ">=9.0" })).toBe(true);
    expect(verdict({ img_hv_type: "kvm", img_hv_requested_version: ">=9.0" }, { ...HOST, hypervisorVersion: 0 })).toBe(
      true,
    );
  });

  it("drops hosts that tell nothing where the image asks for something, and only there", () => {
    const silent = { ...HOST, supportedInstances: [] };
    expect(verdict({ hw_architecture: "x86_64" }, silent)).toEqual({
      code: "guests-unknown",
      words: "do not tell which guests they support, and the image needs architecture x86_64",
    });
    expect(verdict({}, silent)).toBe(true);
    expect(verdict(null, silent)).toBe(true);
  });

  it("takes the default architecture where the image names none", () => {
    const arm = { imagePropertiesDefaultArchitecture: "aarch64" };
    expect(verdict({}, HOST, arm)).toMatchObject({ code: "guest-not-supported" });
    expect(verdict(null, HOST, arm)).toMatchObject({ code: "guest-not-supported" });
    expect(verdict({ hw_architecture: "x86_64" }, HOST, arm)).toBe(true);
    expect(verdict({}, HOST, { imagePropertiesDefaultArchitecture: "x86_64" })).toBe(true);
  });

  it.each([
    ["42", true],
    ["43", "address-bits-short"],
    ["x", "address-bits-malformed"],
  ])("hw_maxphysaddr_bits=%s", (bits, expected) => {
    const found = verdict({ hw_maxphysaddr_bits: bits });
    expect(typeof found === "object" ? found.code : found).toBe(expected);
  });

  it("is asked for a rebuild, too", () => {
    expect(new ImagePropertiesFilter(filtersHostOptions.schema.parse({})).runsOnRebuild).toBe(true);
  });
});

describe("versionPredicate", () => {
  it.each(["", "6.0", ">=6", ">= six", ">=6.0;<7.0", ">=6.0,", "=>6.0", ">=1.2.3.4", "=6.0"])(
    "does not read %j",
    (text) => {
      expect(versionPredicate(text)).toBeUndefined();
    },
  );

  it("takes missing numbers for zero", () => {
    expect(versionPredicate("==6.0")?.(6_000_000)).toBe(true);
    expect(versionPredicate("== 6.0.1")?.(6_000)).toBe(false);
  });
});
