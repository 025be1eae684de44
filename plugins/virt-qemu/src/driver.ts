import { join, resolve } from "node:path";
import {
  BASE_DIRECTORY,
  type GuestImage,
  type GuestSpec,
  type HypervisorResources,
  inject,
  isKilonovaError,
  KilonovaError,
  LOGGER,
  type Logger,
  type Options,
  options,
  type PluggedVif,
  type PowerOffOptions,
  type PowerState,
  type RequestContext,
  VirtDriver,
} from "@kilonova/plugin-api";
import { type Acceleration, chooseAcceleration } from "./acceleration.js";
import { BaseImageCache, type BaseImageRequest } from "./base-image-cache.js";
import { commandLine, MIN_MEMORY_MB } from "./command-line.js";
import { ConsoleLog } from "./console-log.js";
import { createOverlay, diskSize } from "./disk.js";
import { GuestDirectory, type GuestMetadata, listGuestDirectories, openInstancesPath } from "./guest-directory.js";
import { findGuestProcess, killGuestProcess, startGuestProcess } from "./guest-process.js";
import { guestSupport } from "./guest-support.js";
import { hostResources, qemuVersion } from "./hypervisor.js";
import { networkDevice, VIF_TYPES } from "./network-device.js";
import { qemuOptions } from "./options.js";
import { guestPower, hardReboot, powerOff, softReboot } from "./power.js";

const GIB = 1024 ** 3;
const HOST_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const IMAGE_STALL_TIMEOUT_MS = 60_000;
const CONSOLE_TRIM_MS = 10_000;

/** What `initHost` finds out. */
interface Host {
  readonly name: string;
  readonly instancesPath: string;
  readonly version: number;
  readonly acceleration: Acceleration;
  readonly support: Awaited<ReturnType<typeof guestSupport>>;
  readonly images: BaseImageCache;
}

/**
 * Guests as QEMU processes, one a server, in sessions of their own: they outlive the compute service and are found again by their
 * server's id. All that belongs to one is in its folder, `<instancesPath>/<host>/<server id>`.
 */
export class QemuDriver extends VirtDriver {
  readonly vifTypes = VIF_TYPES;
  private readonly settings: Options<typeof qemuOptions>;
  private readonly baseDirectory: string;
  private readonly logger: Logger;
  private initialized: Host | undefined;
  private trimming: NodeJS.Timeout | undefined;

  constructor(
    @options(qemuOptions) settings: Options<typeof qemuOptions>,
    @inject(BASE_DIRECTORY) baseDirectory: string,
    @inject(LOGGER) logger: Logger,
  ) {
    super();
    this.settings = settings;
    this.baseDirectory = baseDirectory;
    this.logger = logger;
  }

  async initHost(name: string): Promise<void> {
    if (!HOST_NAME.test(name))
      throw new KilonovaError("virt.failed", `"${name}" cannot be the name of a host's folder`);
    const version = await qemuVersion(this.settings.binary);
    const acceleration = await chooseAcceleration(this.settings.virtType);
    const support = await guestSupport(acceleration.accelerator);
    const instancesPath = await openInstancesPath(join(resolve(this.baseDirectory, this.settings.instancesPath), name));
    const images = await BaseImageCache.open({
      directory: join(instancesPath, "_base"),
      maxImageBytes: this.settings.maxImageGb * GIB,
      stallTimeoutMs: IMAGE_STALL_TIMEOUT_MS,
      qemuImg: { binary: this.settings.imageTool },
    });
    this.initialized = { name, instancesPath, version, acceleration, support, images };
    this.logger.info({ ...acceleration, version, instancesPath }, "QEMU is ready");
    this.trimLater();
  }

  async getAvailableResources(): Promise<HypervisorResources> {
    const { name, version, instancesPath, support } = this.host;
    return {
      hypervisorHostname: name,
      hypervisorType: "QEMU",
      hypervisorVersion: version,
      ...(await hostResources(instancesPath)),
      ...support,
    };
  }

  async listServers(): Promise<readonly string[]> {
    return (await listGuestDirectories(this.host.instancesPath)).map(({ id }) => id);
  }

  async getPowerState(serverId: string): Promise<PowerState | undefined> {
    const directory = this.directoryOf(serverId);
    return (await directory.exists()) ? guestPower(directory) : undefined;
  }

  async spawn({ signal }: RequestContext, { server, image, vifs }: GuestSpec): Promise<void> {
    const { id, name, flavor } = server;
    const directory = this.directoryOf(id);
    if (await findGuestProcess(directory)) return;
    try {
      if (flavor.memoryMb < MIN_MEMORY_MB) throw impossible(`a guest needs at least ${MIN_MEMORY_MB} MiB of memory`);
      const base = await this.host.images.get(requestFor(image), signal);
      const size = diskSize(base, flavor.rootGb);
      if (!size.fits) throw tooLarge(size);
      const networkDevices = vifs.map(networkDevice);
      const { vcpus, memoryMb, rootGb } = flavor;
      await directory.create();
      await createOverlay(directory.diskPath, base, size.bytes, this.imageTool(signal));
      await directory.writeMetadata({ format: 1, id, name, flavor: { vcpus, memoryMb, rootGb }, networkDevices });
      await this.start(directory, vifs, signal);
    } catch (error) {
      await this.remove(directory);
      signal.throwIfAborted();
      throw spawnFailure(error);
    }
  }

  async destroy(_context: RequestContext, serverId: string): Promise<void> {
    await this.remove(this.directoryOf(serverId));
  }

  async powerOn({ signal }: RequestContext, serverId: string, vifs: readonly PluggedVif[]): Promise<void> {
    await this.start(this.directoryOf(serverId), vifs, signal);
  }

  async powerOff({ signal }: RequestContext, serverId: string, { timeout }: PowerOffOptions): Promise<void> {
    await powerOff(this.directoryOf(serverId), { timeoutMs: timeout, signal });
  }

  async reboot(
    { signal }: RequestContext,
    serverId: string,
    type: "SOFT" | "HARD",
    vifs: readonly PluggedVif[],
  ): Promise<void> {
    const directory = this.directoryOf(serverId);
    const startAgain = () => this.start(directory, vifs, signal);
    if (type === "HARD") await hardReboot(directory, { startAgain, signal });
    else await softReboot(directory, { startAgain, signal, timeoutMs: this.settings.softRebootTimeout });
  }

  async getConsoleOutput(serverId: string, lines: number | null): Promise<string | null> {
    return new ConsoleLog(this.directoryOf(serverId).consoleLogPath).read(lines ?? undefined);
  }

  override async cleanupHost(): Promise<void> {
    clearTimeout(this.trimming);
    this.initialized = undefined;
  }

  private get host(): Host {
    if (!this.initialized)
      throw new KilonovaError("internal", "the QEMU driver was used before initHost, or after cleanupHost");
    return this.initialized;
  }

  private directoryOf(serverId: string): GuestDirectory {
    return new GuestDirectory(this.host.instancesPath, serverId);
  }

  private imageTool(signal: AbortSignal) {
    return { binary: this.settings.imageTool, signal };
  }

  /** Starts the guest as it was spawned, with its interfaces as they are now. One that runs goes on. */
  private async start(directory: GuestDirectory, vifs: readonly PluggedVif[], signal: AbortSignal): Promise<void> {
    const spawned = await directory.readMetadata();
    if (!spawned) throw impossible(`server ${directory.id} has no guest on this host`);
    const metadata: GuestMetadata = { ...spawned, networkDevices: vifs.map(networkDevice) };
    await directory.writeMetadata(metadata);
    const { accelerator } = this.host.acceleration;
    const { flavor, networkDevices } = metadata;
    await startGuestProcess(directory, {
      binary: this.settings.binary,
      args: commandLine({ ...directory, ...flavor, accelerator, networkDevices }),
      timeoutMs: this.settings.startTimeout,
      signal,
    });
  }

  private async remove(directory: GuestDirectory): Promise<void> {
    const process = await findGuestProcess(directory);
    if (process) await killGuestProcess(process, { graceMs: 0 });
    await directory.remove();
  }

  /** Guests may write to their consoles without end. */
  private trimLater(): void {
    this.trimming = setTimeout(() => void this.trimConsoles(), CONSOLE_TRIM_MS).unref();
  }

  private async trimConsoles(): Promise<void> {
    const host = this.initialized;
    if (!host) return;
    try {
      for (const directory of await listGuestDirectories(host.instancesPath)) {
        await new ConsoleLog(directory.consoleLogPath).trim();
      }
    } catch (error) {
      this.logger.warn({ error }, "the guests' console logs could not be cut");
    }
    if (this.initialized === host) this.trimLater();
  }
}

function requestFor(guestImage: GuestImage | null): BaseImageRequest {
  if (!guestImage) throw impossible("a server that boots from no image cannot run here yet");
  const { image } = guestImage;
  const { diskFormat, size, sha512, checksum } = image;
  if (diskFormat !== "raw" && diskFormat !== "qcow2") {
    throw impossible(`image ${image.id} has the disk format ${diskFormat ?? "none"}; raw and qcow2 can run here`);
  }
  const value = sha512 ?? checksum;
  if (size === null || value === null) throw impossible(`image ${image.id} has no bytes yet`);
  return {
    format: diskFormat,
    sizeBytes: size,
    checksum: { algorithm: sha512 === null ? "md5" : "sha512", value },
    source: () => guestImage.source(),
  };
}

function tooLarge({
  imageBytes,
  flavorBytes,
}: {
  readonly imageBytes: number;
  readonly flavorBytes: number;
}): KilonovaError {
  return impossible(`the image's disk of ${imageBytes} bytes does not fit into the flavor's of ${flavorBytes} bytes`);
}

/** What fails everywhere. */
function impossible(message: string): KilonovaError {
  return new KilonovaError("virt.failed", message, { details: { reason: "impossible" } });
}

/** Another host is no help against what the image or the flavor is; against everything else it may be. */
function spawnFailure(error: unknown): unknown {
  if (isKilonovaError(error, "virt.failed") && error.details["reason"] === "impossible") return error;
  if (isKilonovaError(error, "image.unavailable") && error.details["reason"] === "content") return error;
  const words = error instanceof Error ? error.message : String(error);
  return new KilonovaError("virt.reschedule", words, { cause: error });
}
