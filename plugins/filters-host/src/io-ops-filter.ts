import { HostFilter, type HostState, type HostVerdict, type Options, options } from "@kilonova/plugin-api";
import { filtersHostOptions } from "./options.js";

/** Passes hosts on which fewer than `filtersHost.maxIoOpsPerHost` servers are being built, moved or the like. */
export class IoOpsFilter extends HostFilter {
  constructor(@options(filtersHostOptions) private readonly settings: Options<typeof filtersHostOptions>) {
    super();
  }

  override signature(): string {
    return "";
  }

  override hostPasses(host: HostState): HostVerdict {
    const { maxIoOpsPerHost } = this.settings;
    if (host.ioOps < maxIoOpsPerHost) return true;
    return {
      code: "too-many-io-ops",
      words: `have ${maxIoOpsPerHost} or more operations going on`,
      outlook: "not-now",
    };
  }
}
