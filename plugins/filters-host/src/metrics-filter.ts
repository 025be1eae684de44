import { HostFilter, type HostState, type HostVerdict, namedRatios, type Options, options } from "@kilonova/plugin-api";
import { filtersHostOptions } from "./options.js";

/** Passes hosts that report every metric of `filtersHost.metricsWeightSetting`, so that MetricsWeigher can weigh them. */
export class MetricsFilter extends HostFilter {
  readonly #names: readonly string[];

  constructor(@options(filtersHostOptions) settings: Options<typeof filtersHostOptions>) {
    super();
    this.#names = [...namedRatios(settings.metricsWeightSetting).keys()];
  }

  override concerns(): boolean {
    return this.#names.length > 0;
  }

  override signature(): string {
    return "";
  }

  override hostPasses(host: HostState): HostVerdict {
    const missing = this.#names.filter((name) => !host.metrics.has(name));
    if (missing.length === 0) return true;
    return { code: "no-metric", words: `do not report ${missing.join(", ")}`, outlook: "not-now" };
  }
}
