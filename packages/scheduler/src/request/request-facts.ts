import type { Placement, RequestSpec } from "@kilonova/contracts";
import type { RequestContext, RpcClient } from "@kilonova/messaging";

/** Where the servers are that a request speaks of. */
export interface RequestFacts {
  /** The root providers of the hosts of servers that hints name, by server id. */
  readonly serverHosts: ReadonlyMap<string, string>;
  /** How many members of the request's group are on a host, by its root provider. */
  readonly groupMembers: ReadonlyMap<string, number>;
}

const NOTHING: RequestFacts = { serverHosts: new Map(), groupMembers: new Map() };
/** So many servers may be named; more are not looked for. */
const MOST_SERVERS = 1_000;
const NAMING_HINTS = ["same_host", "different_host"] as const;

/**
 * Asks placement where servers are: the members of the request's group, and those that hints name. What is claimed there
 * counts, whether its server has been built yet or not. A request that speaks of no other server asks nothing.
 *
 * @param own the servers that are to be placed: they are no members that are somewhere
 */
export async function factsOf(
  context: RequestContext,
  placement: RpcClient<Placement>,
  spec: RequestSpec,
  own: readonly string[],
): Promise<RequestFacts> {
  const named = NAMING_HINTS.flatMap((hint) => textsOf(spec.hints[hint])).slice(0, MOST_SERVERS);
  const groupId = spec.group?.id ?? null;
  if (named.length === 0 && groupId === null) return NOTHING;
  const consumers = await placement.call.consumers(context, { consumerIds: [...new Set(named)], groupId });
  const serverHosts = new Map<string, string>();
  const groupMembers = new Map<string, number>();
  const wanted = new Set(named);
  const ownIds = new Set(own);
  for (const { consumerId, providerId, groupId: group } of consumers) {
    if (providerId === null) continue;
    if (wanted.has(consumerId)) serverHosts.set(consumerId, providerId);
    if (groupId === null || group !== groupId || ownIds.has(consumerId)) continue;
    groupMembers.set(providerId, (groupMembers.get(providerId) ?? 0) + 1);
  }
  return { serverHosts, groupMembers };
}

function textsOf(hint: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(hint) ? hint : [hint];
  return values.filter((value) => typeof value === "string" && value.length > 0 && value.length <= 64).map(String);
}
