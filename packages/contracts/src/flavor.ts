import { z } from "zod";
import { identifier } from "./identifier.js";

/** A flavor as a server keeps it: what it was when the server was made, whatever becomes of it later. */
export const flavorSchema = z.object({
  id: identifier,
  name: z.string(),
  vcpus: z.number().int().positive(),
  /** MiB */
  memoryMb: z.number().int().positive(),
  /** GiB; 0: as large as the image. */
  rootGb: z.number().int().nonnegative(),
  /** GiB */
  ephemeralGb: z.number().int().nonnegative(),
  /** MiB */
  swapMb: z.number().int().nonnegative(),
  extraSpecs: z.record(z.string(), z.string()),
});

export type Flavor = Readonly<z.output<typeof flavorSchema>>;
