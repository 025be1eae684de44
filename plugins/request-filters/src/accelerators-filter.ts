import { RequestFilter, type RequestSpec, type ResourceRequestDraft } from "@kilonova/plugin-api";

/** Asks for hosts that serve accelerators, where the flavor has a device profile. */
export class AcceleratorsFilter extends RequestFilter {
  override amend({ flavor }: RequestSpec, draft: ResourceRequestDraft): undefined {
    if (flavor.extraSpecs["accel:device_profile"]) draft.requireTrait("COMPUTE_ACCELERATORS");
  }
}
