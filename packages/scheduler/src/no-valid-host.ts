import { type Lack, lacksOf, type ResourceRequest } from "@kilonova/candidates";
import type { Drop } from "@kilonova/contracts";
import type { HostState } from "@kilonova/plugin-api";
import type { Verdict } from "./filtering.js";

/** So many reasons are told apart in the sentence. */
const REASONS = 5;

/** What is lacking at hosts without room, each host under the lack that it shares with most others. */
export function roomVerdicts(hosts: readonly HostState[], request: ResourceRequest): Verdict[] {
  const lacks = hosts.map((host) => lacksOf(host.provider, request).map(verdictOf)).filter((each) => each.length > 0);
  const frequency = new Map<string, number>();
  for (const { words } of lacks.flat()) frequency.set(words, (frequency.get(words) ?? 0) + 1);
  const count = ({ words }: Verdict) => frequency.get(words) ?? 0;
  return lacks.flatMap((own) => own.reduce((most, each) => (count(each) > count(most) ? each : most)));
}

/** One sentence for the user: `No valid host was found: 12 hosts: 7 lack 4096 MB of memory, 5 are down.` */
export function noValidHostReason(hosts: number, drops: readonly Drop[], lead = "No valid host was found"): string {
  if (hosts === 0) return `${lead}: there are no hosts.`;
  const told = drops
    .slice(0, REASONS)
    .map(({ hosts: count, reason }) => `${count} ${count === 1 ? singular(reason) : reason}`);
  const others = drops.slice(REASONS).reduce((sum, drop) => sum + drop.hosts, 0);
  if (others > 0) told.push(`${others} for other reasons`);
  const total = hosts === 1 ? "1 host" : `${hosts} hosts`;
  return told.length === 0 ? `${lead} among ${total}.` : `${lead}: ${total}: ${told.join(", ")}.`;
}

function verdictOf(lack: Lack): Verdict {
  const filter = "resources";
  switch (lack.kind) {
    case "resource":
      return { filter, code: "no-room", words: `lack ${amountText(lack.resourceClass, lack.amount)}` };
    case "unit":
      return {
        filter,
        code: "unit",
        words: `do not give out ${amountText(lack.resourceClass, lack.amount)} in one piece`,
      };
    case "required-trait":
      return { filter, code: "trait", words: `lack the trait ${lack.trait}` };
    case "forbidden-trait":
      return { filter, code: "trait", words: `have the forbidden trait ${lack.trait}` };
  }
}

function amountText(resourceClass: string, amount: number): string {
  if (resourceClass === "VCPU") return amount === 1 ? "1 vCPU" : `${amount} vCPUs`;
  if (resourceClass === "MEMORY_MB") return `${amount} MB of memory`;
  if (resourceClass === "DISK_GB") return `${amount} GB of disk`;
  return `${amount} of ${resourceClass}`;
}

const SINGULARS: Readonly<Record<string, string>> = { are: "is", were: "was", have: "has", do: "does", lack: "lacks" };

/** Words that stand after "hosts", for one host. */
function singular(words: string): string {
  const [verb = "", ...rest] = words.split(" ");
  return [SINGULARS[verb] ?? verb, ...rest].join(" ");
}
