import type { Provider, Resources } from "@kilonova/contracts";
import { usedAt } from "./capacity.js";

/** A provider as it is once a further consumer has taken so much from it. The generation stays: only placement raises it. */
export function withTaken(provider: Provider, resources: Resources): Provider {
  const used = { ...provider.used };
  for (const [resourceClass, amount] of Object.entries(resources)) {
    used[resourceClass] = usedAt(provider, resourceClass) + amount;
  }
  return { ...provider, used, consumers: provider.consumers + 1 };
}
