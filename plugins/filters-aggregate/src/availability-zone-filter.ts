import { HostFilter, type HostState, type HostVerdict, type SchedulingRequest } from "@kilonova/plugin-api";

/** Passes hosts in the availability zone that is asked for. */
export class AvailabilityZoneFilter extends HostFilter {
  override concerns({ availabilityZone }: SchedulingRequest): boolean {
    return Boolean(availabilityZone);
  }

  override signature({ availabilityZone }: SchedulingRequest): string {
    return availabilityZone ?? "";
  }

  override hostPasses(host: HostState, { availabilityZone }: SchedulingRequest): HostVerdict {
    if (!availabilityZone || host.availabilityZone === availabilityZone) return true;
    return { code: "outside-zone", words: `are outside zone ${availabilityZone}` };
  }
}
