import {
  type Options,
  options,
  RequestFilter,
  type RequestRefusal,
  type RequestSpec,
  type ResourceRequestDraft,
} from "@kilonova/plugin-api";
import { requestFiltersOptions } from "./options.js";

/** What a trait begins with that says what an image property asks for. */
const PREFIXES: readonly (readonly [property: string, prefix: string])[] = [
  ["hw_cdrom_bus", "COMPUTE_STORAGE_BUS"],
  ["hw_disk_bus", "COMPUTE_STORAGE_BUS"],
  ["hw_video_model", "COMPUTE_GRAPHICS_MODEL"],
  ["hw_vif_model", "COMPUTE_NET_VIF_MODEL"],
  ["hw_architecture", "HW_ARCH"],
  ["hw_emulation_architecture", "COMPUTE_ARCH"],
  ["hw_viommu_model", "COMPUTE_VIOMMU"],
];
const NAME = /^[A-Z0-9_]+$/;

/** Asks for hosts that have the devices and the architecture that the image's properties name. */
export class TransformImageMetadata extends RequestFilter {
  constructor(@options(requestFiltersOptions) private readonly settings: Options<typeof requestFiltersOptions>) {
    super();
  }

  override amend({ image }: RequestSpec, draft: ResourceRequestDraft): RequestRefusal | undefined {
    if (!this.settings.imageMetadataPrefilter || !image) return undefined;
    const asked = PREFIXES.flatMap(([property, prefix]) => {
      const value = image.properties[property];
      return value === undefined ? [] : [{ property, prefix, value, name: value.replaceAll("-", "_").toUpperCase() }];
    });
    const bad = asked.find(({ name }) => !NAME.test(name));
    if (bad) {
      return { code: "bad-image-property", words: `no host can have ${bad.property} ${JSON.stringify(bad.value)}` };
    }
    for (const trait of new Set(asked.map(({ prefix, name }) => `${prefix}_${name}`))) draft.requireTrait(trait);
    return undefined;
  }
}
