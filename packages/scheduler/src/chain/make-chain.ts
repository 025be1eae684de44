import { createHash, randomUUID } from "node:crypto";
import type { Chain } from "./chain.js";

/** The plugins of a chain, in order. */
export type ChainParts = Pick<Chain, "requestFilters" | "filters" | "weighers">;

/** A chain with its digest: over what each plugin is, where it comes from, its options, and how much it counts. */
export function makeChain(name: string, chosenBy: readonly string[], parts: ChainParts): Chain {
  const lines = [
    ...[...parts.requestFilters, ...parts.filters].map(({ guard: { origin, rules } }) => [origin, rules]),
    ...parts.weighers.map(({ guard: { origin, rules }, weight }) => [origin, rules, weight]),
  ];
  const digest = createHash("sha256").update(JSON.stringify(lines)).digest("hex").slice(0, 12);
  return { name, id: randomUUID(), chosenBy, digest, ...parts };
}
