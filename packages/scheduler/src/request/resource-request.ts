import type { RequestGroup, RequestSpec } from "@kilonova/contracts";
import type { RequestRefusal } from "@kilonova/plugin-api";

/** What a flavor and an image ask of placement, before the request filters have had their say. */
export interface AskedResources {
  /** The first has no suffix. */
  readonly groups: readonly RequestGroup[];
  readonly groupPolicy: "none" | "isolate" | null;
}

const MIB_PER_GIB = 1024;
/** As many as a resource request may have. */
const MOST_GROUPS = 100;
const KEY = /^(resources|trait)([A-Za-z0-9_-]{0,64}):(.+)$/;
const AMOUNT = /^\d{1,15}$/;
const NAME = /^[A-Z][A-Z0-9_]{0,254}$/;

/** A group while it is being read. */
interface DraftGroup {
  readonly resources: Record<string, number>;
  readonly required: Set<string>;
  readonly forbidden: Set<string>;
}

/**
 * What a server takes from its host: vCPUs, memory and disk of the flavor, then what the flavor's extra specs say
 * (`resources:VCPU=0` takes one away, `trait:HW_X=required`, `resources1:VGPU=1` for a group of its own), and the traits
 * that the image asks for. nova-facts 6.1, step 3.
 */
export function resourcesOf(spec: RequestSpec): AskedResources | RequestRefusal {
  const groups = new Map<string, DraftGroup>();
  const own = groupOf(groups, "");
  Object.assign(own.resources, amountsOf(spec));
  for (const [key, value] of Object.entries(spec.flavor.extraSpecs)) {
    const problem = readExtraSpec(groups, key, value);
    if (problem !== undefined) return unreadable(`the flavor's extra spec ${key}=${value} ${problem}`);
  }
  for (const [key, value] of Object.entries(spec.image?.properties ?? {})) {
    const trait = key.startsWith("trait:") ? key.slice("trait:".length) : undefined;
    if (trait === undefined) continue;
    if (value !== "required") return unreadable(`the image's property ${key}=${value} is not required`);
    if (!NAME.test(trait)) return unreadable(`the image's property ${key} names no trait`);
    own.required.add(trait);
  }
  for (const [suffix, { required, forbidden }] of groups) {
    const both = [...required].find((trait) => forbidden.has(trait));
    if (both === undefined) continue;
    return unreadable(`the trait ${both} is both required and forbidden${suffix === "" ? "" : ` in group ${suffix}`}`);
  }
  if (groups.size > MOST_GROUPS) return unreadable(`the flavor asks for more than ${MOST_GROUPS} groups of resources`);
  const found = [...groups].map(([suffix, draft]) => finished(suffix, draft));
  return withPolicy(found, spec.flavor.extraSpecs["group_policy"]);
}

/** Of which there is more than one to tell apart, the flavor must say whether they may come from one provider. */
function withPolicy(groups: readonly RequestGroup[], groupPolicy: string | undefined): AskedResources | RequestRefusal {
  if (groupPolicy !== undefined && groupPolicy !== "none" && groupPolicy !== "isolate") {
    return unreadable(`the flavor's extra spec group_policy=${groupPolicy} is neither none nor isolate`);
  }
  const granular = groups.filter(({ suffix, resources }) => suffix !== "" && Object.keys(resources).length > 0);
  if (granular.length > 1 && groupPolicy === undefined) {
    return unreadable(
      "the flavor asks for several groups of resources, and its extra spec group_policy does not say whether they may come from one provider",
    );
  }
  return { groups, groupPolicy: groupPolicy ?? null };
}

/** @returns what is wrong with it, as it goes on after the extra spec */
function readExtraSpec(groups: Map<string, DraftGroup>, key: string, value: string): string | undefined {
  const [, kind, suffix, name] = KEY.exec(key) ?? [];
  if (kind === undefined || suffix === undefined || name === undefined) return undefined;
  if (!NAME.test(name)) return kind === "resources" ? "names no resource class" : "names no trait";
  const { resources, required, forbidden } = groupOf(groups, suffix);
  if (kind === "resources") {
    if (!AMOUNT.test(value)) return "is no amount";
    resources[name] = Number(value);
  } else if (value === "required") required.add(name);
  else if (value === "forbidden") forbidden.add(name);
  else return "is neither required nor forbidden";
  return undefined;
}

function groupOf(groups: Map<string, DraftGroup>, suffix: string): DraftGroup {
  const known = groups.get(suffix);
  if (known) return known;
  const made: DraftGroup = { resources: {}, required: new Set(), forbidden: new Set() };
  groups.set(suffix, made);
  return made;
}

function finished(suffix: string, { resources, required, forbidden }: DraftGroup): RequestGroup {
  return {
    suffix,
    resources: Object.fromEntries(Object.entries(resources).filter(([, amount]) => amount > 0)),
    required: [...required].map((trait) => [trait]),
    forbidden: [...forbidden],
    memberOf: [],
    notMemberOf: [],
    inTree: null,
  };
}

function amountsOf({ flavor, image }: RequestSpec): Record<string, number> {
  // A flavor without a root disk of its own takes what the image needs at least.
  const root = flavor.rootGb > 0 ? flavor.rootGb : (image?.minDisk ?? 0);
  return {
    VCPU: flavor.vcpus,
    MEMORY_MB: flavor.memoryMb,
    DISK_GB: root + flavor.ephemeralGb + Math.ceil(flavor.swapMb / MIB_PER_GIB),
  };
}

function unreadable(words: string): RequestRefusal {
  return { code: "unreadable-request", words, outlook: "needs" };
}
