import { HostFilter, type HostState, type HostVerdict, type SchedulingRequest } from "@kilonova/plugin-api";

/**
 * For server groups of policy anti-affinity: passes hosts with fewer members than `max_server_per_host`, which is 1 where the
 * group does not say. A server that is moved is not counted, so that its own host passes.
 */
export class ServerGroupAntiAffinityFilter extends HostFilter {
  override readonly seesServers = true;

  override concerns({ group }: SchedulingRequest): boolean {
    return group?.policy === "anti-affinity";
  }

  override hostPasses(host: HostState, { group, groupMembers }: SchedulingRequest): HostVerdict {
    if (group?.policy !== "anti-affinity") return true;
    const { maxServerPerHost } = group;
    if ((groupMembers.get(host.providerId) ?? 0) < maxServerPerHost) return true;
    const members = maxServerPerHost === 1 ? "a member" : `${maxServerPerHost} members`;
    return { code: "anti-affinity", words: `already hold ${members} of the server group`, outlook: "not-now" };
  }
}
