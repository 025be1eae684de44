import { z } from "zod";
import { identifier, instant } from "./identifier.js";

/** The formats of disks that the Image API names and a guest can boot here. */
export const DISK_FORMATS = [
  "raw",
  "qcow2",
  "vhd",
  "vhdx",
  "vmdk",
  "vdi",
  "iso",
  "ploop",
  "ami",
  "ari",
  "aki",
] as const;

/** An image, without its bytes. */
export const imageSchema = z.object({
  id: identifier,
  name: z.string().nullable(),
  status: z.enum(["queued", "saving", "active", "killed", "deleted", "deactivated"]),
  visibility: z.enum(["public", "private", "shared", "community"]),
  ownerId: identifier,
  diskFormat: z.enum(DISK_FORMATS).nullable(),
  containerFormat: z.string().nullable(),
  /** Bytes; null until they are there. */
  size: z.number().int().nonnegative().nullable(),
  /** MD5 in hex, as the Image API's `checksum`. */
  checksum: z.string().nullable(),
  /** SHA-512 in hex, as the Image API's `os_hash_value`. */
  sha512: z.string().nullable(),
  /** GiB */
  minDisk: z.number().int().nonnegative(),
  /** MiB */
  minRam: z.number().int().nonnegative(),
  properties: z.record(z.string(), z.string()),
  createdAt: instant,
});

export type Image = Readonly<z.output<typeof imageSchema>>;
