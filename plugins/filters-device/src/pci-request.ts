import type { SchedulingRequest } from "@kilonova/plugin-api";
import { HardwareWishes } from "./hardware-wishes.js";
import { PCI_NUMA_POLICIES, type PciAlias, type PciNumaPolicy } from "./options.js";

const ALIAS = "pci_passthrough:alias";

/** So many PCI devices of one alias. */
export interface PciRequest {
  readonly name: string;
  readonly count: number;
  readonly numaPolicy: PciNumaPolicy;
  /** Any of these will do. */
  readonly aliases: readonly PciAlias[];
}

export type PciOutcome =
  | { readonly ok: true; readonly requests: readonly PciRequest[] }
  /** Why it cannot be read, as a clause: `there is no PCI alias gpu`. */
  | { readonly ok: false; readonly problem: string };

/** The aliases by name. */
export type PciAliases = ReadonlyMap<string, readonly PciAlias[]>;

export function aliasesByName(aliases: readonly PciAlias[]): PciAliases {
  const byName = new Map<string, PciAlias[]>();
  for (const alias of aliases) byName.set(alias.name, [...(byName.get(alias.name) ?? []), alias]);
  return byName;
}

/** True where the flavor asks for PCI devices. */
export function asksForPci({ flavor }: SchedulingRequest): boolean {
  return Object.hasOwn(flavor.extraSpecs, ALIAS);
}

/** What `pci_passthrough:alias` asks for: `gpu:2, nic:1`. Of no devices where the flavor has no such spec. */
export function pciRequests(request: SchedulingRequest, aliases: PciAliases): PciOutcome {
  const text = request.flavor.extraSpecs[ALIAS];
  if (text === undefined) return { ok: true, requests: [] };
  const wishes = new HardwareWishes(request);
  const policy = affinityPolicy(wishes);
  const requests: PciRequest[] = [];
  for (const part of text.split(",")) {
    const [, name = "", count = ""] = /^\s*([^:]*?)\s*:\s*(\d{1,6})\s*$/.exec(part) ?? [];
    const known = aliases.get(name);
    if (name === "") wishes.complain(`${ALIAS} is no list of names and numbers, as gpu:1`);
    else if (!known) wishes.complain(`there is no PCI alias ${name}`);
    const [first] = known ?? [];
    if (known && first)
      requests.push({ name, count: Number(count), numaPolicy: policy ?? first.numa_policy, aliases: known });
  }
  return wishes.problem === undefined ? { ok: true, requests } : { ok: false, problem: wishes.problem };
}

/** Flavor and image outrank the alias. */
function affinityPolicy(wishes: HardwareWishes): PciNumaPolicy | undefined {
  const flavor = wishes.oneOf(
    "hw:pci_numa_affinity_policy",
    wishes.flavor("pci_numa_affinity_policy"),
    PCI_NUMA_POLICIES,
  );
  const image = wishes.oneOf(
    "hw_pci_numa_affinity_policy",
    wishes.image("pci_numa_affinity_policy"),
    PCI_NUMA_POLICIES,
  );
  if (flavor && image && flavor !== image) {
    wishes.complain(`the flavor's hw:pci_numa_affinity_policy=${flavor} does not allow the image's ${image}`);
  }
  return flavor ?? image;
}
