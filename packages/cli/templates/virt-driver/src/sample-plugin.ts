import { resolve } from "node:path";
import {
  BASE_DIRECTORY,
  type GuestSpec,
  type HypervisorResources,
  inject,
  KilonovaError,
  type Options,
  optionGroup,
  options,
  type PluggedVif,
  type PowerOffOptions,
  type PowerState,
  type RequestContext,
  VirtDriver,
} from "@kilonova/plugin-api";
import { z } from "zod";
import { type Guest, GuestFiles } from "./guest-files.js";

/** The options of this driver. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    statePath: z
      .string()
      .min(1)
      .default("guests")
      .describe("The folder of the guests; from the configuration's folder where relative."),
    vcpus: z.number().int().positive().default(8).describe("How many virtual processors the host has."),
    memoryMb: z.number().int().positive().default(16_384).describe("How much memory the host has, in MiB."),
    diskGb: z.number().int().positive().default(100).describe("How much disk the host has, in GiB."),
  }),
);

/** What every guest writes on its console when it has booted. */
export const GREETING = "The guest has booted";

/**
 * Guests that are files.
 *
 * Guests outlive the process. Every method is safe to repeat: a step may be done again after a crash. Methods for one
 * server are never called at the same time, for different servers they are. They end by the context's signal.
 */
export class SamplePlugin extends VirtDriver {
  /** The types of interfaces that guests here can use, best first. */
  readonly vifTypes = ["tap", "bridge", "user"];
  #host: { readonly name: string; readonly guests: GuestFiles } | undefined;

  constructor(
    @options(samplePluginOptions) private readonly settings: Options<typeof samplePluginOptions>,
    @inject(BASE_DIRECTORY) private readonly baseDirectory: string,
  ) {
    super();
  }

  /** Called once, before anything else. What it throws keeps the compute from starting. */
  override async initHost(name: string): Promise<void> {
    const guests = new GuestFiles(resolve(this.baseDirectory, this.settings.statePath, encodeURIComponent(name)));
    await guests.create();
    this.#host = { name, guests };
  }

  /** Before anything is reserved or used. */
  override async getAvailableResources(): Promise<HypervisorResources> {
    const { vcpus, memoryMb, diskGb } = this.settings;
    return {
      hypervisorHostname: this.#opened.name,
      hypervisorType: "sample-plugin",
      // 1.0.0
      hypervisorVersion: 1_000_000,
      vcpus,
      memoryMb,
      diskGb,
      cpuInfo: {},
      uptime: null,
    };
  }

  override async listServers(): Promise<readonly string[]> {
    return this.#opened.guests.list();
  }

  override async getPowerState(serverId: string): Promise<PowerState | undefined> {
    return (await this.#opened.guests.read(serverId))?.state;
  }

  /** Makes a guest and starts it; one that is there stays as it is. Leaves nothing behind when it throws. */
  override async spawn({ signal }: RequestContext, { server, vifs }: GuestSpec): Promise<void> {
    const { guests } = this.#opened;
    if (await guests.read(server.id)) return;
    signal.throwIfAborted();
    const addresses = vifs.flatMap(({ vif }) => vif.addresses.map(({ address }) => address));
    try {
      // What a spawn left that did not come to its end.
      await guests.remove(server.id);
      await this.#boot({ id: server.id, name: server.name, state: "running", addresses });
    } catch (error) {
      await guests.remove(server.id);
      throw error;
    }
  }

  override async destroy(_context: RequestContext, serverId: string): Promise<void> {
    await this.#opened.guests.remove(serverId);
  }

  override async powerOn(_context: RequestContext, serverId: string, _vifs: readonly PluggedVif[]): Promise<void> {
    const guest = await this.#guestOf(serverId);
    if (guest.state !== "running") await this.#boot(guest);
  }

  /** Files shut down at once: the time that a guest is given for it is not needed. */
  override async powerOff(_context: RequestContext, serverId: string, _options: PowerOffOptions): Promise<void> {
    await this.#opened.guests.write({ ...(await this.#guestOf(serverId)), state: "shutdown" });
  }

  override async reboot(
    _context: RequestContext,
    serverId: string,
    _type: "SOFT" | "HARD",
    _vifs: readonly PluggedVif[],
  ): Promise<void> {
    await this.#boot(await this.#guestOf(serverId));
  }

  override async getConsoleOutput(serverId: string, lines: number | null): Promise<string | null> {
    const all = await this.#opened.guests.readConsole(serverId);
    return lines === null ? all.join("") : all.slice(Math.max(0, all.length - lines)).join("");
  }

  /** Lets go of what the process holds; guests go on. */
  override async cleanupHost(): Promise<void> {
    this.#host = undefined;
  }

  async #boot(guest: Guest): Promise<void> {
    const { guests } = this.#opened;
    await guests.appendConsole(guest.id, `${GREETING}: ${guest.name}\n`);
    await guests.write({ ...guest, state: "running" });
  }

  async #guestOf(serverId: string): Promise<Guest> {
    const guest = await this.#opened.guests.read(serverId);
    if (!guest) throw new KilonovaError("virt.failed", `Server ${serverId} has no guest on this host.`);
    return guest;
  }

  get #opened() {
    if (!this.#host)
      throw new KilonovaError("virt.failed", "The driver was used before initHost or after cleanupHost.");
    return this.#host;
  }
}
