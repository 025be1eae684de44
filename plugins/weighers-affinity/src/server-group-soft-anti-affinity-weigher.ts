import { type HostState, HostWeigher, type Options, options, type SchedulingRequest } from "@kilonova/plugin-api";
import { weighersAffinityOptions } from "./options.js";

/** For a server group with policy soft-anti-affinity: prefers hosts with fewer of its members. */
export class ServerGroupSoftAntiAffinityWeigher extends HostWeigher {
  override readonly weightKey = "soft_anti_affinity_weight_multiplier";
  override readonly weight: number;
  override readonly seesServers = true;

  constructor(@options(weighersAffinityOptions) settings: Options<typeof weighersAffinityOptions>) {
    super();
    this.weight = settings.softAntiAffinityWeightMultiplier;
  }

  override concerns({ group }: SchedulingRequest): boolean {
    return group?.policy === "soft-anti-affinity";
  }

  override weigh({ providerId }: HostState, request: SchedulingRequest): number {
    return this.concerns(request) ? 0 - (request.groupMembers.get(providerId) ?? 0) : 0;
  }
}
