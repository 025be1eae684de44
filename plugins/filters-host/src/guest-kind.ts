const ARCHITECTURES = new Map([
  ["i386", "i686"],
  ["i486", "i686"],
  ["i586", "i686"],
  ["x86_32", "i686"],
  ["x86_32p", "i686"],
  ["amd64", "x86_64"],
]);

const HYPERVISORS = new Map([["xapi", "xen"]]);

const MODES = new Map([
  ["pv", "xen"],
  ["hv", "hvm"],
  ["baremetal", "hvm"],
]);

/** What sort of guest an image makes; undefined where it says nothing. In the names that hosts use. */
export interface GuestKind {
  readonly architecture: string | undefined;
  readonly hypervisorType: string | undefined;
  readonly vmMode: string | undefined;
}

/** What an image's properties say, the architecture being that one where they say none. */
export function guestKindOf(
  properties: Readonly<Record<string, string>>,
  defaultArchitecture: string | undefined,
): GuestKind {
  return {
    architecture: canonical(ARCHITECTURES, properties["hw_architecture"] ?? defaultArchitecture),
    hypervisorType: canonical(HYPERVISORS, properties["img_hv_type"]),
    vmMode: canonical(MODES, properties["hw_vm_mode"]),
  };
}

/** The kind as it stands in a sentence; empty where nothing is asked. */
export function describeGuestKind({ architecture, hypervisorType, vmMode }: GuestKind): string {
  const parts = [
    architecture && `architecture ${architecture}`,
    hypervisorType && `hypervisor type ${hypervisorType}`,
    vmMode && `mode ${vmMode}`,
  ];
  return parts.filter((part) => part).join(", ");
}

/** True where a guest of that kind runs where guests of the other do. */
export function fitsGuestKind(asked: GuestKind, supported: GuestKind): boolean {
  const has = new Set([
    canonical(ARCHITECTURES, supported.architecture),
    canonical(HYPERVISORS, supported.hypervisorType),
    canonical(MODES, supported.vmMode),
  ]);
  return [asked.architecture, asked.hypervisorType, asked.vmMode].every((wish) => !wish || has.has(wish));
}

function canonical(names: ReadonlyMap<string, string>, name: string | undefined): string | undefined {
  const lower = name?.toLowerCase();
  return lower === undefined ? undefined : (names.get(lower) ?? lower);
}
