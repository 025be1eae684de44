import {
  type ExtraSpecRequirement,
  extraSpecRequirement,
  HostFilter,
  type HostState,
  type HostVerdict,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { capability, hasAttribute, maxPhysicalAddressBits } from "./host-attributes.js";
import { addressBitsVerdict } from "./physical-address-bits.js";

const SCOPE = "capabilities";
const ADDRESS_BITS = "hw:maxphysaddr_bits";
const ADDRESS_MODE = "hw:maxphysaddr_mode";

/** An extra spec that asks something of a host. */
interface Wish {
  /** As the flavor has it: `capabilities:cpu_info:features=<in> avx`. */
  readonly text: string;
  readonly path: readonly string[];
  /** Without a scope: it may be meant for something else, and hosts that know nothing of it are not concerned. */
  readonly isUnscoped: boolean;
  readonly requirement: ExtraSpecRequirement;
}

interface Wishes {
  readonly capabilities: readonly Wish[];
  readonly addressBits: string | undefined;
}

/**
 * Passes hosts that have what the flavor's extra specs ask for: those without a scope or with `capabilities:`, against the
 * host's attributes and what its driver tells, nested by colons; and `hw:maxphysaddr_bits`. Other scopes are others' business.
 */
export class ComputeCapabilitiesFilter extends HostFilter<Wishes> {
  override concerns(request: SchedulingRequest): boolean {
    return specsOf(request).length > 0;
  }

  override signature(request: SchedulingRequest): string {
    return JSON.stringify(specsOf(request).sort());
  }

  override prepare(request: SchedulingRequest): Wishes {
    const { [ADDRESS_BITS]: addressBits, ...specs } = Object.fromEntries(specsOf(request));
    const capabilities = Object.entries(specs).map(([key, value]): Wish => {
      const [scope, ...path] = key.split(":");
      const isUnscoped = path.length === 0;
      const requirement = extraSpecRequirement(value);
      return { text: `${key}=${value}`, path: isUnscoped ? [scope ?? ""] : path, isUnscoped, requirement };
    });
    return { capabilities, addressBits };
  }

  override hostPasses(
    host: HostState,
    _request: SchedulingRequest,
    { capabilities, addressBits }: Wishes,
  ): HostVerdict {
    for (const wish of capabilities) {
      const verdict = wishVerdict(host, wish);
      if (verdict !== true) return verdict;
    }
    return addressBits === undefined || addressBitsVerdict(maxPhysicalAddressBits(host), addressBits, ADDRESS_BITS);
  }
}

function wishVerdict(host: HostState, { text, path, isUnscoped, requirement }: Wish): HostVerdict {
  if (isUnscoped && !hasAttribute(host, path[0] ?? "")) return true;
  const found = capability(host, path);
  if (requirement.problem !== undefined) {
    const words = `cannot match extra spec ${text}, which ${requirement.problem}`;
    return { code: "extra-spec-malformed", words, outlook: "never" };
  }
  if (found === undefined) {
    return { code: "no-capability", words: `do not tell of ${path.join(":")}, which extra spec ${text} asks for` };
  }
  return requirement.matches(textOf(found)) || { code: "capability-differs", words: `do not match extra spec ${text}` };
}

function specsOf({ flavor }: SchedulingRequest): [string, string][] {
  return Object.entries(flavor.extraSpecs).filter(([key]) => {
    if (key === ADDRESS_BITS) return flavor.extraSpecs[ADDRESS_MODE] !== "passthrough";
    return !key.includes(":") || key.startsWith(`${SCOPE}:`);
  });
}

/** A value as flavors have always compared with it: `True`, not `true`. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}
