import {
  HostFilter,
  type HostNarrowing,
  type HostRefusal,
  type HostState,
  type HostVerdict,
  type SchedulingRequest,
} from "@kilonova/plugin-api";

const APART: HostRefusal = { code: "affinity", words: "are not where the server group's members are" };

/** For server groups of policy affinity: once there are other members, passes the hosts that they are on. */
export class ServerGroupAffinityFilter extends HostFilter {
  override readonly seesServers = true;

  override concerns(request: SchedulingRequest): boolean {
    return membersOf(request).length > 0;
  }

  override narrow(request: SchedulingRequest): { within: HostNarrowing; refusal: HostRefusal } | undefined {
    const providerIds = membersOf(request);
    return providerIds.length > 0 ? { within: { providerIds }, refusal: APART } : undefined;
  }

  override hostPasses(host: HostState, request: SchedulingRequest): HostVerdict {
    const hosts = membersOf(request);
    return hosts.length === 0 || hosts.includes(host.providerId) || APART;
  }
}

/** The root providers of the hosts with members; none where the policy is another. */
function membersOf({ group, groupMembers }: SchedulingRequest): readonly string[] {
  if (group?.policy !== "affinity") return [];
  return [...groupMembers].flatMap(([providerId, members]) => (members > 0 ? [providerId] : []));
}
