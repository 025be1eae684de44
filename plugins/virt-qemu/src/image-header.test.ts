import { execFileSync } from "node:child_process";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ImageFormat, readImageHeader } from "./image-header.js";
import { tinyImage } from "./tiny-image.js";

describe("readImageHeader", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kilonova-header-"));
    path = join(folder, "image");
  });
  afterEach(() => rm(folder, { recursive: true }));

  function qemuImg(...args: string[]): void {
    execFileSync("qemu-img", args, { stdio: ["ignore", "ignore", "inherit"] });
  }
  async function refused(declared: ImageFormat): Promise<string> {
    return readImageHeader(path, declared).then(
      () => "taken",
      (error: Error) => error.message,
    );
  }

  it("knows the size of the disk that an image describes", async () => {
    qemuImg("create", "-q", "-f", "qcow2", path, "3G");
    expect(await readImageHeader(path, "qcow2")).toEqual({ format: "qcow2", virtualSizeBytes: 3 * 1024 ** 3 });
    qemuImg("create", "-q", "-f", "qcow2", "-o", "compat=0.10", path, "64M");
    expect(await readImageHeader(path, "qcow2")).toEqual({ format: "qcow2", virtualSizeBytes: 64 * 1024 ** 2 });
    await writeFile(path, tinyImage({ greeting: "hi" }));
    expect(await readImageHeader(path, "raw")).toEqual({ format: "raw", virtualSizeBytes: 1024 * 1024 });
  });

  it("takes the features of newer qcow2 images that hurt nobody", async () => {
    qemuImg("create", "-q", "-f", "qcow2", "-o", "compression_type=zstd,extended_l2=on,cluster_size=128k", path, "1G");
    expect(await refused("qcow2")).toBe("taken");
  });

  it("refuses an image with a backing file: it could be any file of the host", async () => {
    qemuImg("create", "-q", "-f", "qcow2", "-u", "-b", "/etc/shadow", "-F", "raw", path, "1M");
    expect(await refused("qcow2")).toContain("backing file");
  });

  it("refuses an image that keeps its data in another file", async () => {
    qemuImg("create", "-q", "-f", "qcow2", "-o", `data_file=${join(folder, "data")}`, path, "1M");
    expect(await refused("qcow2")).toContain("data in another file");
  });

  it("refuses an encrypted image and one with features it does not know", async () => {
    qemuImg("create", "-q", "-f", "qcow2", path, "1M");
    const header = Buffer.alloc(104);
    header.write("QFI\xfb", "latin1");
    header.writeUInt32BE(3, 4);
    header.writeUInt32BE(1, 32);
    await writeFile(path, header);
    expect(await refused("qcow2")).toContain("encrypted");
    header.writeUInt32BE(0, 32);
    header.writeBigUInt64BE(1n << 40n, 72);
    await writeFile(path, header);
    expect(await refused("qcow2")).toContain("not known");
    header.writeUInt32BE(9, 4);
    await writeFile(path, header);
    expect(await refused("qcow2")).toContain("version 9");
  });

  it("refuses content of another format than the record says, in both directions", async () => {
    qemuImg("create", "-q", "-f", "qcow2", "-u", "-b", "/etc/shadow", "-F", "raw", path, "1M");
    expect(await refused("raw")).toContain("its record says raw, its content is qcow2");
    await writeFile(path, tinyImage({ greeting: "hi" }));
    expect(await refused("qcow2")).toContain("its record says qcow2, its content is raw");
  });

  it.each(["vmdk", "vdi", "vhdx", "qed", "qcow"])("refuses %s content that calls itself raw", async (format) => {
    qemuImg("create", "-q", "-f", format, path, "4M");
    expect(await refused("raw")).toContain(`its content is ${format}`);
  });

  it("takes a file that is shorter than any header for raw", async () => {
    await writeFile(path, "x");
    await truncate(path, 0);
    expect(await readImageHeader(path, "raw")).toEqual({ format: "raw", virtualSizeBytes: 0 });
  });
});
