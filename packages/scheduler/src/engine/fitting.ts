import {
  type Candidate,
  type CompiledRequest,
  freeAt,
  type Overrides,
  type ProviderIndex,
  withTaken,
} from "@kilonova/candidates";
import type { Provider } from "@kilonova/contracts";

/**
 * How many servers that ask the same a tree can serve one after the other. What serves one serves as many as there is room
 * for, so that it costs no more for many than for one.
 *
 * @param most counting ends here
 * @param overrides providers as they are imagined
 */
export function fitting(
  index: ProviderIndex,
  slot: number,
  request: CompiledRequest,
  most: number,
  overrides?: Overrides,
): number {
  const imagined = new Map(overrides);
  const providerOf = (id: string) => imagined.get(id) ?? index.get(id);
  for (let count = 0; count < most; ) {
    const [candidate] = index.candidatesAt(slot, request, { limit: 1, overrides: imagined });
    if (!candidate) return count;
    const times = Math.min(most - count, timesIn(candidate, providerOf));
    for (const { providerId, resources } of candidate.allocations) {
      const provider = providerOf(providerId);
      const taken = Object.entries(resources).map(([name, amount]) => [name, amount * times] as const);
      if (provider) imagined.set(providerId, withTaken(provider, Object.fromEntries(taken)));
    }
    count += times;
  }
  return most;
}

/** How often all that a candidate takes is to be had; once at the least. */
function timesIn({ allocations }: Candidate, providerOf: (id: string) => Provider | undefined): number {
  let times = Number.POSITIVE_INFINITY;
  for (const { providerId, resources } of allocations) {
    const provider = providerOf(providerId);
    for (const [name, amount] of Object.entries(resources)) {
      if (provider) times = Math.min(times, Math.floor(freeAt(provider, name) / amount));
    }
  }
  return Math.max(1, times);
}
