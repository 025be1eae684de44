import {
  type Options,
  options,
  RequestFilter,
  type RequestSpec,
  type ResourceRequestDraft,
} from "@kilonova/plugin-api";
import { requestFiltersOptions } from "./options.js";

const TRAIT_PREFIX = "trait:";

/** Keeps aggregates with metadata `trait:NAME=required` for servers that ask for each such trait. */
export class IsolateAggregates extends RequestFilter {
  constructor(@options(requestFiltersOptions) private readonly settings: Options<typeof requestFiltersOptions>) {
    super();
  }

  override amend(_request: RequestSpec, draft: ResourceRequestDraft): undefined {
    if (!this.settings.enableIsolatedAggregateFiltering) return;
    const asked = draft.requiredTraits;
    for (const { uuid, metadata } of draft.aggregates) {
      const missing = Object.keys(metadata).find(
        (key) =>
          key.startsWith(TRAIT_PREFIX) && metadata[key] === "required" && !asked.has(key.slice(TRAIT_PREFIX.length)),
      );
      if (missing !== undefined) {
        draft.forbidAggregate([uuid], `are for servers that ask for ${missing.slice(TRAIT_PREFIX.length)}`);
      }
    }
  }
}
