import type { Lack } from "@kilonova/candidates";
import type { HostRefusal } from "@kilonova/plugin-api";
import { type AggregateWords, aggregateKey } from "../request/request-draft.js";

/** What a tree lacks, in words that stand after "hosts". */
export function lackRefusal(lack: Lack, words: AggregateWords): HostRefusal {
  switch (lack.kind) {
    case "resource":
      return resourceRefusal(lack);
    case "unit":
      return { code: "unit", words: `do not give out ${amountText(lack.resourceClass, lack.amount)} in one piece` };
    case "required-trait":
      return { code: "trait", words: `lack the trait ${lack.traits.join(" or ")}` };
    case "forbidden-trait":
      return { code: "forbidden-trait", words: `have the forbidden trait ${lack.trait}` };
    case "aggregate":
      return {
        code: "aggregate",
        words: words.get(aggregateKey(lack.aggregates)) ?? "are in none of the aggregates that are asked for",
      };
    case "forbidden-aggregate":
      return {
        code: "forbidden-aggregate",
        words: words.get(lack.aggregate) ?? "are in an aggregate that is kept for others",
      };
    case "tree":
      return { code: "tree", words: `do not have the provider ${lack.providerId}` };
    case "group-policy":
      return { code: "group-policy", words: "have too few providers for each group of resources to have its own" };
    case "same-subtree":
      return { code: "same-subtree", words: `do not have groups ${lack.suffixes.join(" and ")} below one provider` };
    case "combination":
      return { code: "combination", words: "have each of the resources, but not all of them together" };
  }
}

/** Whether to wait for it: what is taken may be given back, what there never was may not. */
function resourceRefusal({
  resourceClass,
  amount,
  capacity,
}: Extract<Lack, { kind: "resource" | "unit" }>): HostRefusal {
  const text = amountText(resourceClass, amount);
  if (capacity >= amount) return { code: "no-room", words: `lack ${text}`, outlook: "not-now" };
  if (capacity === 0)
    return { code: "no-such-resource", words: `have no ${nameOf(resourceClass)} to give`, outlook: "never" };
  return { code: "too-small", words: `are too small for ${text}`, outlook: "never" };
}

/** Hosts with one refusal each: of all that each has the one that most others share. */
export function mostShared(
  lacking: readonly { readonly slot: number; readonly refusals: readonly HostRefusal[] }[],
): readonly { readonly slot: number; readonly refusal: HostRefusal }[] {
  const frequency = new Map<string, number>();
  for (const { refusals } of lacking) {
    for (const { words } of refusals) frequency.set(words, (frequency.get(words) ?? 0) + 1);
  }
  const count = ({ words }: HostRefusal) => frequency.get(words) ?? 0;
  return lacking.flatMap(({ slot, refusals }) => {
    const [first, ...others] = refusals;
    if (!first) return [];
    return [{ slot, refusal: others.reduce((most, each) => (count(each) > count(most) ? each : most), first) }];
  });
}

function nameOf(resourceClass: string): string {
  if (resourceClass === "VCPU") return "vCPUs";
  if (resourceClass === "PCPU") return "CPUs that a server has for itself";
  if (resourceClass === "MEMORY_MB") return "memory";
  return resourceClass === "DISK_GB" ? "disk" : resourceClass;
}

function amountText(resourceClass: string, amount: number): string {
  if (resourceClass === "VCPU") return amount === 1 ? "1 vCPU" : `${amount} vCPUs`;
  if (resourceClass === "PCPU") return amount === 1 ? "1 CPU of its own" : `${amount} CPUs of their own`;
  if (resourceClass === "MEMORY_MB") return `${amount} MB of memory`;
  if (resourceClass === "DISK_GB") return `${amount} GB of disk`;
  return `${amount} of ${resourceClass}`;
}
