import { join } from "node:path";
import { z } from "zod";
import { readIfThere } from "./guest-folder.js";

const sizeSchema = z.object({
  vcpus: z.number().int().nonnegative(),
  /** MiB */
  memoryMb: z.number().int().nonnegative(),
  /** GiB */
  diskGb: z.number().int().nonnegative(),
});

export type HostSize = Readonly<z.output<typeof sizeSchema>>;

/**
 * What a host has: what the options say, unless `_host.json` in its folder says otherwise. Hardware may fail while a
 * compute runs; whoever wants to see that writes the file.
 */
export async function hostSize(folder: string, configured: HostSize): Promise<HostSize> {
  const text = await readIfThere(join(folder, "_host.json"));
  if (text === undefined) return configured;
  return sizeSchema.parse(JSON.parse(text));
}
