import type { Drop } from "@kilonova/contracts";
import type { Stage } from "./engine/stages.js";

/** So many reasons are told apart in the sentence. */
const REASONS = 5;
/** So many are handed on. */
const MOST_DROPS = 100;

/** What hosts were dropped for, over all stages, the most frequent first. */
export function dropsOf(stages: readonly Stage[]): Drop[] {
  return stages
    .flatMap(({ plugin, drops }) =>
      drops.map(({ refusal, hosts }) => ({ filter: plugin, hosts, reason: refusal.words })),
    )
    .sort((one, other) => other.hosts - one.hosts)
    .slice(0, MOST_DROPS);
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

const SINGULARS: Readonly<Record<string, string>> = {
  are: "is",
  were: "was",
  have: "has",
  do: "does",
  lack: "lacks",
  hold: "holds",
};

/** Words that stand after "hosts", for one host. */
function singular(words: string): string {
  return words.replace(/^(already )?(\w+)/, (_, adverb = "", verb) => adverb + (SINGULARS[verb] ?? verb));
}
