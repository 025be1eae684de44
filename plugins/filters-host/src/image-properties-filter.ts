import {
  HostFilter,
  type HostState,
  type HostVerdict,
  type Options,
  options,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { describeGuestKind, fitsGuestKind, type GuestKind, guestKindOf } from "./guest-kind.js";
import { maxPhysicalAddressBits } from "./host-attributes.js";
import { filtersHostOptions } from "./options.js";
import { addressBitsVerdict } from "./physical-address-bits.js";
import { versionPredicate } from "./version-predicate.js";

const VERSION = "img_hv_requested_version";
const ADDRESS_BITS = "hw_maxphysaddr_bits";

interface ImageWishes {
  readonly kind: GuestKind;
  /** The kind in words; empty where any will do. */
  readonly words: string;
  readonly version: string | undefined;
  readonly isVersion: ((version: number) => boolean) | undefined;
  readonly addressBits: string | undefined;
}

/**
 * Passes hosts that can run the image: its architecture, hypervisor type, mode and hypervisor version among what they say
 * they support, and physical addresses wide enough. A host that does not say what it supports passes where the image asks
 * for none of it, and for nothing else. A wish for a version alone is not looked at.
 */
export class ImagePropertiesFilter extends HostFilter<ImageWishes> {
  override readonly runsOnRebuild = true;

  constructor(@options(filtersHostOptions) private readonly settings: Options<typeof filtersHostOptions>) {
    super();
  }

  override concerns(request: SchedulingRequest): boolean {
    const { words, addressBits } = this.prepare(request);
    return words !== "" || addressBits !== undefined;
  }

  override signature(request: SchedulingRequest): string {
    const { words, version, addressBits } = this.prepare(request);
    return JSON.stringify([words, version, addressBits]);
  }

  override prepare({ image }: SchedulingRequest): ImageWishes {
    const properties = image?.properties ?? {};
    const kind = guestKindOf(properties, this.settings.imagePropertiesDefaultArchitecture);
    const version = properties[VERSION] || undefined;
    const isVersion = version === undefined ? undefined : versionPredicate(version);
    const addressBits = properties[ADDRESS_BITS] || undefined;
    return { kind, words: describeGuestKind(kind), version, isVersion, addressBits };
  }

  override hostPasses(host: HostState, _request: SchedulingRequest, wishes: ImageWishes): HostVerdict {
    const verdict = wishes.words === "" || guestVerdict(host, wishes);
    if (verdict !== true || wishes.addressBits === undefined) return verdict;
    return addressBitsVerdict(maxPhysicalAddressBits(host), wishes.addressBits, ADDRESS_BITS);
  }
}

function guestVerdict(host: HostState, { kind, words, version, isVersion }: ImageWishes): HostVerdict {
  if (host.supportedInstances.length === 0) {
    return { code: "guests-unknown", words: `do not tell which guests they support, and the image needs ${words}` };
  }
  if (!host.supportedInstances.some((supported) => fitsGuestKind(kind, supported))) {
    return { code: "guest-not-supported", words: `do not support the image's ${words}` };
  }
  // A host without a version cannot be held to one.
  if (version === undefined || host.hypervisorVersion === 0) return true;
  if (!isVersion) {
    return {
      code: "version-malformed",
      words: `cannot match the image's ${VERSION}, ${version}, which is no comparison with a version`,
    };
  }
  return (
    isVersion(host.hypervisorVersion) || {
      code: "hypervisor-version",
      words: `have no hypervisor of version ${version}`,
    }
  );
}
