import {
  type Options,
  options,
  RequestFilter,
  type RequestSpec,
  type ResourceRequestDraft,
} from "@kilonova/plugin-api";
import { requestFiltersOptions } from "./options.js";

/** The formats that there are traits for. */
const FORMATS = new Set(["aki", "ami", "ari", "iso", "ploop", "qcow2", "raw", "vdi", "vhd", "vhdx", "vmdk"]);

/** Asks for hosts that take images in the image's format. A server without an image, or with another format, goes anywhere. */
export class RequireImageTypeSupport extends RequestFilter {
  constructor(@options(requestFiltersOptions) private readonly settings: Options<typeof requestFiltersOptions>) {
    super();
  }

  override amend({ image }: RequestSpec, draft: ResourceRequestDraft): undefined {
    const format = image?.diskFormat;
    if (!this.settings.queryPlacementForImageTypeSupport || !format || !FORMATS.has(format)) return;
    draft.requireTrait(`COMPUTE_IMAGE_TYPE_${format.toUpperCase()}`);
  }
}
