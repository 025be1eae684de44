import {
  type Options,
  options,
  RequestFilter,
  type RequestRefusal,
  type RequestSpec,
  type ResourceRequestDraft,
} from "@kilonova/plugin-api";
import { requestFiltersOptions } from "./options.js";

/** Several keys that begin so let one aggregate have several projects. */
const TENANT_KEY = "filter_tenant_id";

/** Keeps a project in the aggregates that are its own by their metadata. By its options: off, or a wish, or a must. */
export class RequireTenantAggregate extends RequestFilter {
  constructor(@options(requestFiltersOptions) private readonly settings: Options<typeof requestFiltersOptions>) {
    super();
  }

  override amend({ projectId }: RequestSpec, draft: ResourceRequestDraft): RequestRefusal | undefined {
    if (!this.settings.limitTenantsToPlacementAggregate) return undefined;
    const own = draft.aggregates.filter(({ metadata }) =>
      Object.entries(metadata).some(([key, value]) => key.startsWith(TENANT_KEY) && value === projectId),
    );
    if (own.length > 0) {
      draft.requireAggregate(
        own.map(({ uuid }) => uuid),
        "are in no aggregate of the project",
      );
      return undefined;
    }
    if (!this.settings.placementAggregateRequiredForTenants) return undefined;
    return { code: "no-tenant-aggregate", words: "there are no hosts for the project", outlook: "needs" };
  }
}
