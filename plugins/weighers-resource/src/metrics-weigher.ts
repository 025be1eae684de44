import { type HostState, HostWeigher, namedRatios, type Options, options } from "@kilonova/plugin-api";
import { weighersResourceOptions } from "./options.js";

/** Weighs a host's measurements: the sum of each times its ratio in `metricsWeightSetting`. */
export class MetricsWeigher extends HostWeigher {
  override readonly weightKey = "metrics_weight_multiplier";
  override readonly weight: number;
  readonly #ratios: ReadonlyMap<string, number>;

  constructor(@options(weighersResourceOptions) private readonly settings: Options<typeof weighersResourceOptions>) {
    super();
    this.weight = settings.metricsWeightMultiplier;
    this.#ratios = namedRatios(settings.metricsWeightSetting);
  }

  /** Where nothing is measured all hosts are alike. */
  override concerns(): boolean {
    return this.#ratios.size > 0;
  }

  override signature(): string {
    return "";
  }

  /** @throws Error where a measurement is missing that is required: the host has nothing of this weigher's then */
  override weigh({ host, metrics }: HostState): number {
    let weight = 0;
    for (const [name, ratio] of this.#ratios) {
      const value = metrics.get(name);
      if (value !== undefined) weight += value * ratio;
      else if (this.settings.metricsRequired) throw new Error(missing(host, name));
      else if (ratio !== 0) return this.settings.metricsWeightOfUnavailable;
    }
    return weight;
  }
}

function missing(host: string, name: string): string {
  return `host ${host} has no measurement ${name}: put MetricsFilter among the filters, or set weighersResource.metricsRequired to false`;
}
