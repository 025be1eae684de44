import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BaseImage } from "./base-image-cache.js";
import { createOverlay, diskSize } from "./disk.js";
import { imageInfo, qemuImg } from "./qemu-img.js";
import { tinyImage } from "./tiny-image.js";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

describe("diskSize", () => {
  it("is the flavor's, or the image's where the flavor says 0", () => {
    expect(diskSize({ virtualSizeBytes: MIB }, 2)).toEqual({ fits: true, bytes: 2 * GIB });
    expect(diskSize({ virtualSizeBytes: GIB }, 1)).toEqual({ fits: true, bytes: GIB });
    expect(diskSize({ virtualSizeBytes: 3 * GIB }, 0)).toEqual({ fits: true, bytes: 3 * GIB });
  });

  it("tells when the image does not fit", () => {
    expect(diskSize({ virtualSizeBytes: GIB + 1 }, 1)).toEqual({ fits: false, imageBytes: GIB + 1, flavorBytes: GIB });
  });
});

describe("createOverlay", () => {
  let folder: string;
  let base: BaseImage;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kilonova-disk-"));
    await mkdir(join(folder, "guest"));
    base = { path: join(folder, "base.raw"), format: "raw", virtualSizeBytes: MIB };
    await writeFile(base.path, tinyImage({ greeting: "hi" }));
    path = join(folder, "guest", "disk");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("makes a disk of that size over the base image, which may move along with it", async () => {
    expect(await createOverlay(path, base, GIB)).toBe(true);
    expect(await imageInfo(path, "qcow2")).toEqual({
      format: "qcow2",
      virtualSizeBytes: GIB,
      backingFile: "../base.raw",
    });
    await rename(folder, `${folder}-moved`);
    folder = `${folder}-moved`;
    await qemuImg([
      "compare",
      "-q",
      "-f",
      "qcow2",
      "-F",
      "raw",
      join(folder, "guest", "disk"),
      join(folder, "base.raw"),
    ]);
  });

  it("leaves a disk that is there as it is", async () => {
    await createOverlay(path, base, MIB);
    expect(await createOverlay(path, base, GIB)).toBe(false);
    expect(await imageInfo(path, "qcow2")).toMatchObject({ virtualSizeBytes: MIB });
    expect(await readdir(join(folder, "guest"))).toEqual(["disk"]);
  });

  it("leaves nothing where qemu-img fails, and gives its words", async () => {
    await expect(createOverlay(path, { ...base, format: "qcow2" }, MIB)).rejects.toMatchObject({
      code: "virt.failed",
      message: expect.stringContaining("not in qcow2 format"),
    });
    expect(await readdir(join(folder, "guest"))).toEqual([]);
  });

  it("names the package to install where there is no qemu-img", async () => {
    await expect(createOverlay(path, base, MIB, { binary: "no-such-qemu-img" })).rejects.toThrow("qemu-utils");
  });

  it("can be given up", async () => {
    await expect(createOverlay(path, base, MIB, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
    expect(await readdir(join(folder, "guest"))).toEqual([]);
  });
});
