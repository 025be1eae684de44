import { RequestFilter, type RequestSpec, type ResourceRequestDraft } from "@kilonova/plugin-api";

/** Passes over hosts that placement knows to be disabled. */
export class ComputeStatusFilter extends RequestFilter {
  override amend(_request: RequestSpec, draft: ResourceRequestDraft): undefined {
    draft.forbidTrait("COMPUTE_STATUS_DISABLED");
  }
}
