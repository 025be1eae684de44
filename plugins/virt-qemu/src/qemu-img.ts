import { execFile } from "node:child_process";
import { KilonovaError } from "@kilonova/plugin-api";
import { z } from "zod";
import type { ImageFormat } from "./image-header.js";

export interface QemuImgOptions {
  /** A path or a name on the PATH; "qemu-img" where it is not given. */
  readonly binary?: string;
  readonly signal?: AbortSignal | undefined;
}

/** What `qemu-img info` says of an image. */
export interface ImageInfo {
  readonly format: string;
  readonly virtualSizeBytes: number;
  /** The file that holds what the image itself does not. */
  readonly backingFile?: string | undefined;
}

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

const infoSchema = z.object({
  format: z.string(),
  "virtual-size": z.int().nonnegative(),
  "backing-filename": z.string().optional(),
});

/**
 * Asks `qemu-img info` about an image whose format is known. Never for an image of a stranger that `readImageHeader` has not passed:
 * the tool follows what the header names.
 *
 * @throws KilonovaError `virt.failed` with the tool's own words.
 */
export async function imageInfo(path: string, format: ImageFormat, options: QemuImgOptions = {}): Promise<ImageInfo> {
  // A running guest holds the lock of its disk: -U reads without it.
  const output = await qemuImg(["info", "-U", "--output=json", "-f", format, path], options);
  const info = infoSchema.parse(JSON.parse(output));
  return {
    format: info.format,
    virtualSizeBytes: info["virtual-size"],
    backingFile: info["backing-filename"],
  };
}

/**
 * Runs `qemu-img` with these arguments, for a minute at most.
 *
 * @returns what it wrote to its standard output.
 * @throws KilonovaError `virt.failed` with the tool's own words; the signal's reason where it was aborted.
 */
export async function qemuImg(
  args: readonly string[],
  { binary = "qemu-img", signal }: QemuImgOptions = {},
): Promise<string> {
  signal?.throwIfAborted();
  const env = { PATH: process.env["PATH"] ?? "", LANG: "C" };
  const limits = { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, killSignal: "SIGKILL" as const, env };
  return new Promise((resolve, reject) => {
    const child = execFile(binary, [...args], limits, (error, stdout, stderr) => {
      signal?.removeEventListener("abort", kill);
      if (!error) resolve(stdout);
      else if (signal?.aborted) reject(signal.reason);
      else reject(toolFailure(binary, args, error, stderr));
    });
    const kill = () => child.kill("SIGKILL");
    signal?.addEventListener("abort", kill, { once: true });
  });
}

function toolFailure(binary: string, args: readonly string[], cause: Error, stderr: string): KilonovaError {
  if ((cause as NodeJS.ErrnoException).code === "ENOENT") {
    return new KilonovaError("virt.failed", `${binary} cannot be started; is it installed (qemu-utils)?`, { cause });
  }
  return new KilonovaError("virt.failed", `${binary} ${args[0]} failed: ${stderr.trim() || cause.message}`, { cause });
}
