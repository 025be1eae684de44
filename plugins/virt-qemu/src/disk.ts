import { randomUUID } from "node:crypto";
import { link, realpath, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { BaseImage } from "./base-image-cache.js";
import { type QemuImgOptions, qemuImg } from "./qemu-img.js";

const GIB = 1024 ** 3;

/** How large a guest's disk is to be; or that the image does not fit into the flavor's disk. */
export type DiskSize =
  | { readonly fits: true; readonly bytes: number }
  | { readonly fits: false; readonly imageBytes: number; readonly flavorBytes: number };

/** The disk of a flavor: `rootGb` GiB, or as large as the image where `rootGb` is 0. */
export function diskSize(image: Pick<BaseImage, "virtualSizeBytes">, rootGb: number): DiskSize {
  const imageBytes = image.virtualSizeBytes;
  if (rootGb === 0) return { fits: true, bytes: imageBytes };
  const flavorBytes = rootGb * GIB;
  return imageBytes <= flavorBytes ? { fits: true, bytes: flavorBytes } : { fits: false, imageBytes, flavorBytes };
}

/**
 * Makes a guest's disk: a qcow2 overlay that holds what differs from the base image. The disk appears whole or not at all.
 * It names its base relative to itself, so that a state folder may be moved whole.
 *
 * @param path where the disk is to be; its folder exists.
 * @param sizeBytes from `diskSize`; never less than the image.
 * @returns false where there is a disk already: it is left as it is, for it may be a guest's.
 * @throws KilonovaError `virt.failed` where `qemu-img` fails.
 */
export async function createOverlay(
  path: string,
  base: BaseImage,
  sizeBytes: number,
  options: QemuImgOptions = {},
): Promise<boolean> {
  const folder = await realpath(dirname(path));
  const backing = relative(folder, await realpath(base.path));
  const temporary = join(folder, `.disk.${randomUUID()}`);
  try {
    await qemuImg(
      ["create", "-q", "-f", "qcow2", "-b", backing, "-F", base.format, temporary, String(sizeBytes)],
      options,
    );
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}
