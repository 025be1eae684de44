import type { Flavor, Image } from "@kilonova/contracts";

const GIB = 1024 ** 3;

/** Why a server of that flavor cannot boot from an image, in the words that clients look for; undefined where it can. */
export function imageRefusal(image: Image, flavor: Flavor): string | undefined {
  if (image.status !== "active") return `Image ${image.id} is not active.`;
  if (flavor.memoryMb < image.minRam) return "Flavor's memory is too small for requested image.";
  // Without a size of its own the disk is as large as the image.
  if (flavor.rootGb === 0) return undefined;
  if (flavor.rootGb < image.minDisk) {
    return `Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is ${flavor.rootGb * GIB} bytes, minimum size is ${image.minDisk * GIB} bytes.`;
  }
  if (image.size !== null && image.size > flavor.rootGb * GIB) {
    return `Flavor's disk is too small for requested image. Flavor disk is ${flavor.rootGb * GIB} bytes, image is ${image.size} bytes.`;
  }
  return undefined;
}
