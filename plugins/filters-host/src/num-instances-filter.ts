import { HostFilter, type HostState, type HostVerdict, type Options, options } from "@kilonova/plugin-api";
import { filtersHostOptions } from "./options.js";

/** Passes hosts that hold fewer than `filtersHost.maxInstancesPerHost` servers. */
export class NumInstancesFilter extends HostFilter {
  constructor(@options(filtersHostOptions) private readonly settings: Options<typeof filtersHostOptions>) {
    super();
  }

  override signature(): string {
    return "";
  }

  override hostPasses(host: HostState): HostVerdict {
    const { maxInstancesPerHost } = this.settings;
    if (host.servers < maxInstancesPerHost) return true;
    return { code: "too-many-servers", words: `hold ${maxInstancesPerHost} or more servers`, outlook: "not-now" };
  }
}
