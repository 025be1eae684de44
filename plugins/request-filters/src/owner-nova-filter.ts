import {
  type Options,
  options,
  RequestFilter,
  type RequestSpec,
  type ResourceRequestDraft,
} from "@kilonova/plugin-api";
import { requestFiltersOptions } from "./options.js";

/**
 * Asks for root providers that computes made, where others share placement. Off by default: a compute that does not set
 * the trait gets no servers then.
 */
export class OwnerNovaFilter extends RequestFilter {
  constructor(@options(requestFiltersOptions) private readonly settings: Options<typeof requestFiltersOptions>) {
    super();
  }

  override amend(_request: RequestSpec, draft: ResourceRequestDraft): undefined {
    if (this.settings.requireOwnerNova) draft.requireTrait("OWNER_NOVA");
  }
}
