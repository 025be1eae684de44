import {
  HostFilter,
  type HostState,
  type HostVerdict,
  type Options,
  options,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { listedValues } from "./aggregate-metadata.js";
import { filtersAggregateOptions } from "./options.js";

/**
 * Drops hosts whose aggregates say something else than the image under the name of one of its properties. Properties that
 * the aggregates say nothing of do not count, nor does metadata that the image says nothing of.
 */
export class AggregateImagePropertiesIsolation extends HostFilter<readonly (readonly [string, string])[]> {
  override readonly runsOnRebuild = true;
  readonly #prefix: string;

  constructor(@options(filtersAggregateOptions) settings: Options<typeof filtersAggregateOptions>) {
    super();
    const namespace = settings.aggregateImagePropertiesIsolationNamespace;
    this.#prefix = namespace === undefined ? "" : namespace + settings.aggregateImagePropertiesIsolationSeparator;
  }

  override concerns(request: SchedulingRequest): boolean {
    return this.prepare(request).length > 0;
  }

  override signature(request: SchedulingRequest): string {
    return JSON.stringify([...this.prepare(request)].sort());
  }

  override prepare({ image }: SchedulingRequest): readonly (readonly [string, string])[] {
    const properties = Object.entries(image?.properties ?? {});
    return properties.filter(([key, value]) => value !== "" && key.startsWith(this.#prefix));
  }

  override hostPasses(
    host: HostState,
    _request: SchedulingRequest,
    properties: readonly (readonly [string, string])[],
  ): HostVerdict {
    if (host.aggregates.length === 0) return true;
    for (const [key, value] of properties) {
      const values = listedValues(host, key);
      if (values.length > 0 && !values.includes(value)) {
        return { code: "other-images", words: `are kept for images with another ${key} than ${value}` };
      }
    }
    return true;
  }
}
