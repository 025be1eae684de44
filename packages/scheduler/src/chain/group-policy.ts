import type { Clock } from "@kilonova/plugin-api";
import {
  HostFilter,
  type HostState,
  type HostVerdict,
  type SchedulingRequest,
  silentLogger,
} from "@kilonova/plugin-api";
import { GuardedFilter } from "./guarded-filter.js";
import { PluginGuard } from "./plugin-guard.js";

/**
 * Drops hosts at which placement would refuse the claim, since the policy of the request's group is a hard one. It stands
 * behind every chain, whatever filters are in it: a chain without those that look at groups would else claim the same
 * host for ever. nova-facts 6.7.
 */
class GroupPolicy extends HostFilter {
  override readonly seesServers = true;

  override concerns({ group }: SchedulingRequest): boolean {
    return group?.policy === "affinity" || group?.policy === "anti-affinity";
  }

  override hostPasses({ providerId }: HostState, { group, groupMembers }: SchedulingRequest): HostVerdict {
    const here = groupMembers.get(providerId) ?? 0;
    if (group?.policy === "affinity") {
      if (groupMembers.size === 0 || here > 0) return true;
      return { code: "group-elsewhere", words: "are not where the other members of the group are" };
    }
    if (group?.policy !== "anti-affinity" || here < group.maxServerPerHost) return true;
    return { code: "group-member", words: "have as many members of the group as may be on one host" };
  }
}

/** The filter that stands behind every chain. */
export function groupPolicyFilter(clock: Clock): GuardedFilter {
  const origin = { name: "GroupPolicy", kind: "filter", from: "@kilonova/scheduler", options: {} } as const;
  const rules = { timeLimit: 60_000, policy: "fail", breakAfter: Number.POSITIVE_INFINITY, breakFor: 0 } as const;
  return new GuardedFilter(new GroupPolicy(), new PluginGuard(origin, rules, silentLogger, clock));
}
