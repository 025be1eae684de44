import {
  type HostState,
  HostWeigher,
  namedRatios,
  type Options,
  options,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { weighersHistoryOptions } from "./options.js";

/** A property with its value, as hosts count them, and how much it counts. */
interface WeighedProperty {
  readonly text: string;
  readonly ratio: number;
}

// #region weigher
/**
 * Prefers hosts with servers from images like the server's own: for each property of its image, how many there have the
 * same value. `imagePropsWeightSetting` says which properties count, and how much; where it is empty all count alike.
 */
export class ImagePropertiesWeigher extends HostWeigher<readonly WeighedProperty[]> {
  override readonly weightKey = "image_props_weight_multiplier";
  override readonly weight: number;
  override readonly readsImageProperties = true;
  readonly #ratios: ReadonlyMap<string, number>;

  constructor(@options(weighersHistoryOptions) settings: Options<typeof weighersHistoryOptions>) {
    super();
    this.weight = settings.imagePropsWeightMultiplier;
    this.#ratios = namedRatios(settings.imagePropsWeightSetting);
  }

  override concerns(request: SchedulingRequest): boolean {
    return this.prepare(request).length > 0;
  }

  override signature(request: SchedulingRequest): string {
    return JSON.stringify(this.prepare(request).map(({ text }) => text));
  }

  /** The properties of its image that count, in the order of their texts. */
  override prepare({ image }: SchedulingRequest): readonly WeighedProperty[] {
    return Object.entries(image?.properties ?? {})
      .map(([name, value]) => ({ text: `${name}=${value}`, ratio: this.#ratioOf(name) }))
      .filter(({ ratio }) => ratio !== 0)
      .sort((one, other) => (one.text < other.text ? -1 : 1));
  }

  override weigh(
    { imageProperties }: HostState,
    _request: SchedulingRequest,
    properties: readonly WeighedProperty[],
  ): number {
    return properties.reduce((sum, { text, ratio }) => sum + ratio * (imageProperties.get(text) ?? 0), 0);
  }

  #ratioOf(property: string): number {
    return this.#ratios.size === 0 ? 1 : (this.#ratios.get(property) ?? 0);
  }
}
// #endregion
