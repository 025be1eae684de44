import type { RequestSpec, ResourceRequest } from "@kilonova/contracts";
import type { RequestRefusal, ResourceRequestDraft } from "@kilonova/plugin-api";
import type { Chain } from "../chain/chain.js";
import { withPinnedCpus } from "./pinned-cpus.js";
import { type AggregateWords, RequestDraft } from "./request-draft.js";
import { resourcesOf } from "./resource-request.js";

/** What a request asks of placement, and why hosts are dropped by it. */
export interface ReadRequest {
  /** Tried in this order until one has hosts; usually there is one alone. */
  readonly alternatives: readonly [ResourceRequest, ...ResourceRequest[]];
  readonly words: AggregateWords;
}

/** A request that no host can serve, and which request filter says so; none where it cannot even be read. */
export interface UnreadRequest {
  readonly refusal: RequestRefusal;
  readonly by: string | null;
}

/** Reads a request spec: its flavor and image, then what the chain's request filters add. */
export function readRequest(
  spec: RequestSpec,
  chain: Chain,
  cloud: Pick<ResourceRequestDraft, "aggregates" | "defaultAvailabilityZone">,
): ReadRequest | UnreadRequest {
  const asked = resourcesOf(spec);
  if ("code" in asked) return { refusal: asked, by: null };
  const draft = new RequestDraft(asked, cloud.aggregates, cloud.defaultAvailabilityZone);
  for (const filter of chain.requestFilters) {
    const refusal = filter.amend(spec, draft);
    if (refusal) return { refusal, by: filter.name };
  }
  const [own, ...others] = asked.groups;
  const pinned = own && withPinnedCpus(spec, own);
  const usual = draft.finished();
  return {
    alternatives: pinned ? [draft.finished([pinned, ...others]), usual] : [usual],
    words: draft.words,
  };
}
