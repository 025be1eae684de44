import { HostFilter, type HostState, type HostVerdict, type Options, options } from "@kilonova/plugin-api";
import { smallestLimit } from "./aggregate-metadata.js";
import { filtersAggregateOptions } from "./options.js";

/** As IoOpsFilter, the limit being `max_io_ops_per_host` of the host's aggregates where they have it. */
export class AggregateIoOpsFilter extends HostFilter {
  constructor(@options(filtersAggregateOptions) private readonly settings: Options<typeof filtersAggregateOptions>) {
    super();
  }

  override signature(): string {
    return "";
  }

  override hostPasses(host: HostState): HostVerdict {
    const limit = smallestLimit(host, "max_io_ops_per_host", this.settings.maxIoOpsPerHost);
    if (host.ioOps < limit) return true;
    return { code: "too-many-io-ops", words: `have ${limit} or more operations going on`, outlook: "not-now" };
  }
}
