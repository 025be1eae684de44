import { type HostState, HostWeigher, type Options, options, type SchedulingRequest } from "@kilonova/plugin-api";
import { weighersAffinityOptions } from "./options.js";

/** For a server group with policy soft-affinity: prefers hosts with more of its members. */
export class ServerGroupSoftAffinityWeigher extends HostWeigher {
  override readonly weightKey = "soft_affinity_weight_multiplier";
  override readonly weight: number;
  override readonly seesServers = true;

  constructor(@options(weighersAffinityOptions) settings: Options<typeof weighersAffinityOptions>) {
    super();
    this.weight = settings.softAffinityWeightMultiplier;
  }

  override concerns({ group }: SchedulingRequest): boolean {
    return group?.policy === "soft-affinity";
  }

  override weigh({ providerId }: HostState, request: SchedulingRequest): number {
    return this.concerns(request) ? (request.groupMembers.get(providerId) ?? 0) : 0;
  }
}
