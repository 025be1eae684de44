import { mkdir, statfs } from "node:fs/promises";
import { arch, availableParallelism, cpus, machine, totalmem, uptime } from "node:os";
import { join, resolve } from "node:path";
import {
  BASE_DIRECTORY,
  type GuestSpec,
  type HypervisorResources,
  inject,
  isKilonovaError,
  KilonovaError,
  type Options,
  options,
  type PluggedVif,
  type PowerOffOptions,
  type PowerState,
  type RequestContext,
  VirtDriver,
} from "@kilonova/plugin-api";
import { type Guest, GuestFolder } from "./guest-folder.js";
import { askToEnd, isRunning, kill, startGuest } from "./guest-process.js";
import { kernelVersion, namespaceProblem } from "./namespaces.js";
import { processDriverOptions } from "./options.js";

const HOST_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** What each guest prints when it has booted: it is the first process where it is. */
export const GREETING = "Hello from process 1 of a guest of Kilonova";

/** What `initHost` opens. */
interface Host {
  readonly name: string;
  /** The folder of its guests. */
  readonly path: string;
}

/**
 * Guests are processes in namespaces of their own, made by `unshare`: they start in milliseconds and need no right on
 * the host. They run a script that prints and waits; the image is not looked at, what the flavor says is not enforced.
 */
export class ProcessDriver extends VirtDriver {
  /** A guest's network has a loopback device and nothing else. */
  readonly vifTypes = ["none"];
  private opened: Host | undefined;

  constructor(
    @options(processDriverOptions) private readonly settings: Options<typeof processDriverOptions>,
    @inject(BASE_DIRECTORY) private readonly baseDirectory: string,
  ) {
    super();
  }

  // #region host
  async initHost(name: string): Promise<void> {
    if (!HOST_NAME.test(name))
      throw new KilonovaError("virt.failed", `"${name}" cannot be the name of a host's folder`);
    const problem = await namespaceProblem(this.settings.unshare);
    if (problem !== undefined) throw new KilonovaError("virt.failed", problem);
    const path = join(resolve(this.baseDirectory, this.settings.guestsPath), name);
    await mkdir(path, { recursive: true, mode: 0o700 });
    this.opened = { name, path };
  }

  async getAvailableResources(): Promise<HypervisorResources> {
    const disk = await statfs(this.host.path);
    return {
      hypervisorHostname: this.host.name,
      hypervisorType: "process",
      hypervisorVersion: kernelVersion(),
      vcpus: availableParallelism(),
      memoryMb: Math.floor(totalmem() / MIB),
      diskGb: Math.floor((disk.blocks * disk.bsize) / GIB),
      cpuInfo: { arch: arch(), model: cpus()[0]?.model ?? "unknown" },
      uptime: Math.floor(uptime()),
      facts: { supportedInstances: [{ architecture: machine(), hypervisorType: "process", vmMode: "exe" }] },
      traits: ["CUSTOM_GUESTS_ARE_PROCESSES"],
    };
  }

  /** Guests go on: this process holds nothing of them. */
  override async cleanupHost(): Promise<void> {
    this.opened = undefined;
  }
  // #endregion

  async listServers(): Promise<readonly string[]> {
    return GuestFolder.list(this.host.path);
  }

  async getPowerState(serverId: string): Promise<PowerState | undefined> {
    const guest = await this.folderOf(serverId).read();
    if (!guest) return undefined;
    return (await isRunning(guest.process)) ? "running" : "shutdown";
  }

  // #region spawn
  async spawn({ signal }: RequestContext, { server, vifs }: GuestSpec): Promise<void> {
    const { id, name, hostname, flavor } = server;
    const folder = this.folderOf(id);
    if (await isRunning((await folder.read())?.process)) return;
    signal.throwIfAborted();
    const description = `${name}: ${flavor.vcpus} vCPUs, ${flavor.memoryMb} MB of memory`;
    try {
      await folder.create();
      await this.start(folder, { id, hostname, description }, vifs, signal);
    } catch (error) {
      await this.remove(folder);
      // What does not start here may well start elsewhere.
      throw isKilonovaError(error, "virt.failed") ? new KilonovaError("virt.reschedule", error.message) : error;
    }
  }

  async destroy(_context: RequestContext, serverId: string): Promise<void> {
    await this.remove(this.folderOf(serverId));
  }
  // #endregion

  async powerOn({ signal }: RequestContext, serverId: string, vifs: readonly PluggedVif[]): Promise<void> {
    const folder = this.folderOf(serverId);
    const guest = await this.guestIn(folder);
    if (!(await isRunning(guest.process))) await this.start(folder, guest, vifs, signal);
  }

  async powerOff({ signal }: RequestContext, serverId: string, { timeout }: PowerOffOptions): Promise<void> {
    await this.end(await this.guestIn(this.folderOf(serverId)), timeout, signal);
  }

  async reboot(
    { signal }: RequestContext,
    serverId: string,
    type: "SOFT" | "HARD",
    vifs: readonly PluggedVif[],
  ): Promise<void> {
    const folder = this.folderOf(serverId);
    const guest = await this.guestIn(folder);
    await this.end(guest, type === "SOFT" ? this.settings.softRebootTimeout : 0, signal);
    await this.start(folder, guest, vifs, signal);
  }

  async getConsoleOutput(serverId: string, lines: number | null): Promise<string | null> {
    const text = await this.folderOf(serverId).readConsole();
    if (lines === null) return text;
    const all = text.split(/(?<=\n)/);
    return all.slice(Math.max(0, all.length - lines)).join("");
  }

  private get host(): Host {
    if (!this.opened)
      throw new KilonovaError("internal", "the process driver was used before initHost, or after cleanupHost");
    return this.opened;
  }

  private folderOf(serverId: string): GuestFolder {
    return new GuestFolder(this.host.path, serverId);
  }

  private async guestIn(folder: GuestFolder): Promise<Guest> {
    const guest = await folder.read();
    if (!guest) throw new KilonovaError("virt.failed", `server ${folder.id} has no guest on this host`);
    return guest;
  }

  private async start(
    folder: GuestFolder,
    guest: Guest,
    vifs: readonly PluggedVif[],
    signal: AbortSignal,
  ): Promise<void> {
    const lines = [guest.description, ...vifs.map(({ vif }, index) => interfaceLine(index, vif))];
    await startGuest(folder, guest, { unshare: this.settings.unshare, lines, signal });
  }

  /** Asks the guest where it is given time, then kills it. */
  private async end({ process }: Guest, timeout: number, signal: AbortSignal): Promise<void> {
    if (!process || !(await isRunning(process))) return;
    if (timeout > 0 && (await askToEnd(process, timeout, signal))) return;
    await kill(process);
  }

  private async remove(folder: GuestFolder): Promise<void> {
    const process = (await folder.read())?.process;
    if (process) await kill(process);
    await folder.remove();
  }
}

function interfaceLine(index: number, { macAddress, addresses }: PluggedVif["vif"]): string {
  return [`net${index}`, macAddress, ...addresses.map(({ address, prefix }) => `${address}/${prefix}`)].join(" ");
}
