import { type FileHandle, open } from "node:fs/promises";
import { KilonovaError } from "@kilonova/plugin-api";

/** The formats of images that guests are made of. */
export type ImageFormat = "raw" | "qcow2";

export interface ImageHeader {
  readonly format: ImageFormat;
  /** The size of the disk that the image describes, in bytes. */
  readonly virtualSizeBytes: number;
}

const HEADER_BYTES = 104;
const QCOW2_MAGIC = 0x514649fb;
const EXTERNAL_DATA_FILE = 1n << 2n;
/** Dirty, corrupt, external data file, compression type, extended L2 entries: bits of any other meaning are newer than we know. */
const KNOWN_INCOMPATIBLE_FEATURES = 0b11111n;

/** The beginnings of containers that are neither of our formats. */
const FOREIGN_FORMATS: readonly (readonly [name: string, offset: number, magic: Buffer])[] = [
  ["qed", 0, Buffer.from("QED\0", "latin1")],
  ["vmdk", 0, Buffer.from("KDMV")],
  ["vmdk", 0, Buffer.from("COWD")],
  ["vmdk", 0, Buffer.from("# Disk DescriptorFile")],
  ["vhdx", 0, Buffer.from("vhdxfile")],
  ["vhd", 0, Buffer.from("conectix")],
  ["vdi", 0x40, Buffer.from([0x7f, 0x10, 0xda, 0xbe])],
  ["luks", 0, Buffer.from("LUKS\xba\xbe", "latin1")],
  ["parallels", 0, Buffer.from("WithoutFreeSpace")],
  ["parallels", 0, Buffer.from("WithouFreSpacExt")],
];

/**
 * Reads what an image of a stranger says of itself, before any tool that would believe it does. A header may name other files of the
 * host as its backing or data file, and a tool that opens the image would hand their content to the guest: such images are
 * refused, and so is an image whose content is of another format than its record says.
 *
 * @param declared the format that the image's record names.
 * @throws KilonovaError `image.unavailable`.
 */
export async function readImageHeader(path: string, declared: ImageFormat): Promise<ImageHeader> {
  const file = await open(path, "r");
  try {
    const header = await readStart(file);
    const found = detect(header);
    if (found !== declared) throw refuse(`its record says ${declared}, its content is ${found}`);
    if (declared === "qcow2") return { format: "qcow2", virtualSizeBytes: qcow2Size(header) };
    return { format: "raw", virtualSizeBytes: (await file.stat()).size };
  } finally {
    await file.close();
  }
}

async function readStart(file: FileHandle): Promise<Buffer> {
  const header = Buffer.alloc(HEADER_BYTES);
  await file.read(header, 0, HEADER_BYTES, 0);
  return header;
}

function detect(header: Buffer): string {
  if (header.readUInt32BE(0) === QCOW2_MAGIC) return header.readUInt32BE(4) === 1 ? "qcow (version 1)" : "qcow2";
  const foreign = FOREIGN_FORMATS.find(([, at, magic]) => header.subarray(at, at + magic.length).equals(magic));
  return foreign?.[0] ?? "raw";
}

function qcow2Size(header: Buffer): number {
  const version = header.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw refuse(`it is qcow2 of version ${version}, which is not known`);
  if (header.readBigUInt64BE(8) !== 0n || header.readUInt32BE(16) !== 0) throw refuse("it has a backing file");
  if (header.readUInt32BE(32) !== 0) throw refuse("it is encrypted");
  const features = version === 3 ? header.readBigUInt64BE(72) : 0n;
  if ((features & EXTERNAL_DATA_FILE) !== 0n) throw refuse("it keeps its data in another file");
  if ((features & ~KNOWN_INCOMPATIBLE_FEATURES) !== 0n) throw refuse("it uses features that are not known");
  const size = header.readBigUInt64BE(24);
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw refuse(`it claims a disk of ${size} bytes`);
  return Number(size);
}

function refuse(why: string): KilonovaError {
  return new KilonovaError("image.unavailable", `the image cannot be used: ${why}`, { details: { reason: "content" } });
}
