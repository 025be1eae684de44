import type { FlavorRecord } from "@kilonova/compute-store";
import type { Links } from "@kilonova/http";
import { resourceLinks } from "./links.js";

/** Who looks at flavors, and how. */
export interface FlavorLook {
  /** The minor number of the microversion. */
  readonly minor: number;
  readonly links: Links;
  /** From 2.61 on, extra specs go with the flavor for those who may see them. */
  readonly extraSpecs: boolean;
}

/** One of `GET /flavors`. */
export function briefFlavorView(flavor: FlavorRecord, { minor, links }: FlavorLook) {
  return {
    id: flavor.id,
    name: flavor.name,
    links: resourceLinks(links, "flavors", flavor.id),
    ...(minor >= 55 ? { description: flavor.description } : undefined),
  };
}

/** `GET /flavors/{id}`, and one of `GET /flavors/detail`. */
export function flavorView(flavor: FlavorRecord, look: FlavorLook) {
  const { minor, extraSpecs } = look;
  return {
    ...briefFlavorView(flavor, look),
    ram: flavor.memoryMb,
    disk: flavor.rootGb,
    // No swap was an empty text for years.
    swap: flavor.swapMb === 0 && minor < 75 ? "" : flavor.swapMb,
    "OS-FLV-EXT-DATA:ephemeral": flavor.ephemeralGb,
    "OS-FLV-DISABLED:disabled": flavor.disabled,
    vcpus: flavor.vcpus,
    "os-flavor-access:is_public": flavor.isPublic,
    rxtx_factor: flavor.rxtxFactor,
    ...(minor >= 61 && extraSpecs ? { extra_specs: flavor.extraSpecs } : undefined),
  };
}
