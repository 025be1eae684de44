import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandLine, type GuestNetworkDevice } from "./command-line.js";
import { poll } from "./deadline.js";
import { createOverlay } from "./disk.js";
import { GuestDirectory } from "./guest-directory.js";
import { findGuestProcess, type GuestProcess, killGuestProcess, startGuestProcess } from "./guest-process.js";
import { tinyImage } from "./tiny-image.js";

export interface RealGuestOptions {
  readonly image?: Buffer;
  readonly networkDevices?: readonly GuestNetworkDevice[];
  /** Folders between the temporary folder and the guest's. */
  readonly below?: string;
}

/** A guest of QEMU under TCG in a temporary folder, for tests. Made, not started. */
export class RealGuest {
  readonly directory: GuestDirectory;
  readonly args: readonly string[];
  private readonly folder: string;

  private constructor(folder: string, directory: GuestDirectory, networkDevices: readonly GuestNetworkDevice[]) {
    this.folder = folder;
    this.directory = directory;
    this.args = commandLine({
      ...directory,
      memoryMb: 16,
      vcpus: 1,
      accelerator: "tcg",
      networkDevices,
    });
  }

  static async make({ image, networkDevices = [], below = "" }: RealGuestOptions = {}): Promise<RealGuest> {
    const folder = await mkdtemp(join(tmpdir(), "kilonova-guest-"));
    const directory = new GuestDirectory(join(folder, below), randomUUID());
    await directory.create();
    const base = { path: join(folder, "base.img"), format: "raw" as const, virtualSizeBytes: 1024 * 1024 };
    await writeFile(base.path, image ?? tinyImage({ greeting: "hello from a guest" }));
    await createOverlay(directory.diskPath, base, base.virtualSizeBytes);
    return new RealGuest(folder, directory, networkDevices);
  }

  async start(): Promise<GuestProcess> {
    return startGuestProcess(this.directory, { binary: "qemu-system-x86_64", args: this.args, timeoutMs: 10_000 });
  }

  /** Waits until the console shows the text that often. */
  async consoleShows(text: string, times = 1): Promise<void> {
    const shown = await poll(
      async () => {
        const console = await readFile(this.directory.consoleLogPath, "latin1").catch(() => "");
        return console.split(text).length > times ? true : undefined;
      },
      { everyMs: 10, timeoutMs: 12_000 },
    );
    if (!shown) throw new Error(`the console did not show ${JSON.stringify(text)} ${times} times`);
  }

  /** Ends what runs and removes the folder. */
  async dispose(): Promise<void> {
    const process = await findGuestProcess(this.directory);
    if (process) await killGuestProcess(process, { graceMs: 0 });
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The registers of QEMU's "pc" machine that ACPI's fixed hardware has: events, and after them control. */
const ACPI_PROGRAM = Buffer.from([
  0xba,
  0x02,
  0x06, //       mov dx, 0x602     event enable register
  0xb8,
  0x00,
  0x01, //       mov ax, 0x100     bit 8: power button
  0xef, //                   out dx, ax
  0xba,
  0x00,
  0x06, //       mov dx, 0x600     event status register
  0xed, //             wait: in ax, dx
  0xf6,
  0xc4,
  0x01, //       test ah, 1        the same bit
  0x74,
  0xfa, //             jz wait
  0xba,
  0x04,
  0x06, //       mov dx, 0x604     control register
  0xb8,
  0x00,
  0x20, //       mov ax, 0x2000    sleep, type 0: switch off
  0xef, //                   out dx, ax
]);
const HALT_OFFSET = 0x1f;
const ACPI_OFFSET = 0x180;

/** The tiny image, but its guest switches itself off when the power button is pressed, as one with an operating system does. */
export function acpiImage(greeting: string): Buffer {
  const image = tinyImage({ greeting });
  ACPI_PROGRAM.copy(image, ACPI_OFFSET);
  // In place of the halt: a near jump, counted from its own end.
  image.writeUInt8(0xe9, HALT_OFFSET);
  image.writeInt16LE(ACPI_OFFSET - (HALT_OFFSET + 3), HALT_OFFSET + 1);
  return image;
}
