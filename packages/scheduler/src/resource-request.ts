import type { ResourceRequest } from "@kilonova/candidates";
import type { RequestSpec } from "@kilonova/contracts";

/** A flavor or an image that asks for something in words that cannot be read. */
export interface BadRequest {
  readonly problem: string;
}

const MIB_PER_GIB = 1024;
const KEY = /^(resources|trait)([A-Za-z0-9_-]{0,64}):(.+)$/;
const AMOUNT = /^\d{1,15}$/;

/**
 * What a server takes from its host: vCPUs, memory and disk of the flavor, then what the flavor's extra specs say
 * (`resources:VCPU=0` takes one away, `trait:HW_X=required`), and the traits that the image asks for.
 */
export function resourceRequestOf(spec: RequestSpec): ResourceRequest | BadRequest {
  const resources: Record<string, number> = {
    VCPU: spec.flavor.vcpus,
    MEMORY_MB: spec.flavor.memoryMb,
    DISK_GB: diskOf(spec),
  };
  const requiredTraits = new Set<string>();
  const forbiddenTraits = new Set<string>();
  for (const [key, value] of Object.entries(spec.flavor.extraSpecs)) {
    const [, kind, group, name] = KEY.exec(key) ?? [];
    if (kind === undefined || name === undefined) continue;
    if (group !== "")
      return { problem: `the flavor's extra spec ${key} asks for a group of its own, which no host offers yet` };
    if (kind === "resources") {
      if (!AMOUNT.test(value)) return { problem: `the flavor's extra spec ${key}=${value} is no amount` };
      resources[name] = Number(value);
    } else if (value === "required") requiredTraits.add(name);
    else if (value === "forbidden") forbiddenTraits.add(name);
    else return { problem: `the flavor's extra spec ${key}=${value} is neither required nor forbidden` };
  }
  for (const [key, value] of Object.entries(spec.image?.properties ?? {})) {
    if (key.startsWith("trait:") && value === "required") requiredTraits.add(key.slice("trait:".length));
  }
  const contradiction = [...requiredTraits].find((trait) => forbiddenTraits.has(trait));
  if (contradiction !== undefined) return { problem: `the trait ${contradiction} is both required and forbidden` };
  return {
    resources: Object.fromEntries(Object.entries(resources).filter(([, amount]) => amount > 0)),
    requiredTraits: [...requiredTraits],
    forbiddenTraits: [...forbiddenTraits],
  };
}

/** GiB. A flavor without a root disk of its own takes what the image needs at least. */
function diskOf({ flavor, image }: RequestSpec): number {
  const root = flavor.rootGb > 0 ? flavor.rootGb : (image?.minDisk ?? 0);
  return root + flavor.ephemeralGb + Math.ceil(flavor.swapMb / MIB_PER_GIB);
}
