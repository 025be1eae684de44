import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { KilonovaError } from "@kilonova/plugin-api";
import { z } from "zod";
import { QmpClient, type QmpWait } from "./qmp.js";

const SERVER_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const METADATA_FILE = "guest.json";

/**
 * What a guest was spawned with: enough to start it again and to tell of it, when the compute service, or the whole host, was
 * restarted in between.
 */
export const guestMetadataSchema = z.strictObject({
  format: z.literal(1),
  id: z.string().regex(SERVER_ID),
  name: z.string(),
  flavor: z.strictObject({
    vcpus: z.int().positive(),
    /** MiB */
    memoryMb: z.int().positive(),
    /** GiB; 0: as large as the image. */
    rootGb: z.int().nonnegative(),
  }),
  /** The interfaces of the last start. */
  networkDevices: z.array(z.strictObject({ netdev: z.record(z.string(), z.unknown()), macAddress: z.string() })),
});
export type GuestMetadata = z.output<typeof guestMetadataSchema>;

/**
 * The folder of one guest, `<instancesPath>/<server id>`: disk, console log, QMP socket and what it was spawned with. Nobody
 * but its owner may enter.
 */
export class GuestDirectory {
  readonly id: string;
  readonly path: string;
  readonly diskPath: string;
  readonly consoleLogPath: string;
  readonly pidFilePath: string;
  /** What QEMU itself says, start for start. */
  readonly qemuLogPath: string;
  /** The QMP socket's name in this folder, which is QEMU's working folder. */
  readonly qmpSocketName = "qmp.sock";

  /**
   * @param instancesPath absolute. Nothing is touched yet.
   * @throws RangeError unless the id is a server's (a UUID in lower case): it becomes a path.
   */
  constructor(instancesPath: string, id: string) {
    if (!SERVER_ID.test(id)) throw new RangeError(`not a server id: ${JSON.stringify(id)}`);
    this.id = id;
    this.path = join(instancesPath, id);
    this.diskPath = join(this.path, "disk");
    this.consoleLogPath = join(this.path, "console.log");
    this.pidFilePath = join(this.path, "qemu.pid");
    this.qemuLogPath = join(this.path, "qemu.log");
  }

  /** Makes the folder, unless it is there. */
  async create(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
  }

  async exists(): Promise<boolean> {
    return stat(this.path).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return false;
        throw error;
      },
    );
  }

  /** Removes the folder and all in it; no error where there is none. The process must be gone. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /** Replaces the metadata whole: after a crash there are the old ones or the new ones. */
  async writeMetadata(metadata: GuestMetadata): Promise<void> {
    const temporary = join(this.path, `.${METADATA_FILE}.${randomUUID()}`);
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(`${JSON.stringify(guestMetadataSchema.parse(metadata), null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(this.path, METADATA_FILE));
  }

  /**
   * What the guest was spawned with; undefined where the spawn never got that far.
   *
   * @throws KilonovaError `virt.failed` where the file is not one of ours.
   */
  async readMetadata(): Promise<GuestMetadata | undefined> {
    const path = join(this.path, METADATA_FILE);
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    try {
      return guestMetadataSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw new KilonovaError("virt.failed", `the guest's metadata in ${path} cannot be understood`, { cause });
    }
  }

  /**
   * Connects to the guest's QMP socket; the caller closes.
   *
   * The folder may lie deeper than a socket's path may be long, so the socket is reached through an open descriptor of it.
   */
  async connectQmp(wait: QmpWait = {}): Promise<QmpClient> {
    const folder = await open(this.path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      return await QmpClient.connect(`/proc/self/fd/${folder.fd}/${this.qmpSocketName}`, wait);
    } finally {
      await folder.close();
    }
  }
}

/**
 * The folders of all guests, half-made ones among them, in no order; none where `instancesPath` does not exist.
 */
export async function listGuestDirectories(instancesPath: string): Promise<GuestDirectory[]> {
  const entries = await readdir(instancesPath, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory() && SERVER_ID.test(entry.name))
    .map((entry) => new GuestDirectory(instancesPath, entry.name));
}

/** Makes the folder of all guests and gives its path without symbolic links, as `GuestDirectory` wants it. */
export async function openInstancesPath(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  return realpath(path);
}
