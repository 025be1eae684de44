import { HostFilter, type HostState, type HostVerdict, type Options, options } from "@kilonova/plugin-api";
import { smallestLimit } from "./aggregate-metadata.js";
import { filtersAggregateOptions } from "./options.js";

/** As NumInstancesFilter, the limit being `max_instances_per_host` of the host's aggregates where they have it. */
export class AggregateNumInstancesFilter extends HostFilter {
  constructor(@options(filtersAggregateOptions) private readonly settings: Options<typeof filtersAggregateOptions>) {
    super();
  }

  override signature(): string {
    return "";
  }

  override hostPasses(host: HostState): HostVerdict {
    const limit = smallestLimit(host, "max_instances_per_host", this.settings.maxInstancesPerHost);
    if (host.servers < limit) return true;
    return { code: "too-many-servers", words: `hold ${limit} or more servers`, outlook: "not-now" };
  }
}
