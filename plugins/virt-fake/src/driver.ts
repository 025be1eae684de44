import { join, resolve } from "node:path";
import {
  BASE_DIRECTORY,
  CLOCK,
  type Clock,
  type GuestEvent,
  type GuestSpec,
  type HypervisorResources,
  inject,
  KilonovaError,
  type Options,
  options,
  type PluggedVif,
  type PowerOffOptions,
  type PowerState,
  type RequestContext,
  VirtDriver,
} from "@kilonova/plugin-api";
import { fakeHost } from "./fake-host.js";
import { type FakeGuest, GuestFolder } from "./guest-folder.js";
import { GuestHistory } from "./guest-history.js";
import { type FakeVerb, fakeOptions } from "./options.js";

const HOST_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
/** Stands for a version of the hypervisor: 1.0.0. */
const VERSION = 1_000_000;
/** What every fake guest writes when it has booted. */
export const FAKE_GREETING = "Hello from a guest of Kilonova";

/** What `initHost` opens. */
interface Host {
  readonly name: string;
  readonly guests: GuestFolder;
  readonly history: GuestHistory;
}

/**
 * Guests that are only written down: for tests, for benchmarks of everything else, and for machines without a
 * hypervisor. They outlive the process as real ones do, boot at once, greet on their console, and shut down when asked.
 */
export class FakeDriver extends VirtDriver {
  readonly vifTypes = ["user", "tap", "bridge"];
  private readonly settings: Options<typeof fakeOptions>;
  private readonly baseDirectory: string;
  private readonly clock: Clock;
  private opened: Host | undefined;
  private readonly listeners: ((event: GuestEvent) => void)[] = [];

  constructor(
    @options(fakeOptions) settings: Options<typeof fakeOptions>,
    @inject(BASE_DIRECTORY) baseDirectory: string,
    @inject(CLOCK) clock: Clock,
  ) {
    super();
    this.settings = settings;
    this.baseDirectory = baseDirectory;
    this.clock = clock;
  }

  async initHost(name: string): Promise<void> {
    if (!HOST_NAME.test(name))
      throw new KilonovaError("virt.failed", `"${name}" cannot be the name of a host's folder`);
    const statePath = resolve(this.baseDirectory, this.settings.statePath);
    const guests = new GuestFolder(join(statePath, name));
    const history = new GuestHistory(statePath);
    await guests.create();
    await history.create();
    this.opened = { name, guests, history };
    await this.mendHistory();
  }

  async getAvailableResources(): Promise<HypervisorResources> {
    const { name, guests } = this.host;
    const { vcpus, memoryMb, diskGb, traits, facts } = this.settings;
    return {
      hypervisorHostname: name,
      hypervisorType: "fake",
      hypervisorVersion: VERSION,
      ...(await fakeHost(guests.path, { vcpus, memoryMb, diskGb, traits, facts })),
      cpuInfo: {},
      uptime: null,
    };
  }

  async listServers(): Promise<readonly string[]> {
    return (await this.host.guests.list()).filter((name) => name !== "_host");
  }

  async getPowerState(serverId: string): Promise<PowerState | undefined> {
    const guest = await this.host.guests.read(serverId);
    return guest && powerStateOf(guest);
  }

  async spawn({ signal }: RequestContext, { server: { id, name } }: GuestSpec): Promise<void> {
    const { guests } = this.host;
    const there = await guests.read(id);
    if (there && there.state !== "building") return;
    signal.throwIfAborted();
    const guest: FakeGuest = { id, name, state: "building", boots: 0 };
    await guests.write(guest);
    try {
      await this.perform("spawn", guest, this.settings.spawnDelay, signal);
      await this.boot(guest);
    } catch (error) {
      await guests.remove(id);
      throw error;
    }
    await this.remember(id, "spawned");
  }

  async destroy({ signal }: RequestContext, serverId: string): Promise<void> {
    const guest = await this.host.guests.read(serverId);
    if (!guest) return;
    await this.perform("destroy", guest, this.settings.destroyDelay, signal);
    if (guest.state !== "building") await this.remember(serverId, "destroyed");
    await this.host.guests.remove(serverId);
  }

  async powerOn({ signal }: RequestContext, serverId: string, _vifs: readonly PluggedVif[]): Promise<void> {
    const guest = await this.guestOf(serverId);
    if (guest.state === "running") return;
    await this.perform("powerOn", guest, this.settings.powerDelay, signal);
    await this.boot(guest);
  }

  async powerOff({ signal }: RequestContext, serverId: string, _options: PowerOffOptions): Promise<void> {
    const guest = await this.guestOf(serverId);
    if (guest.state === "shutdown") return;
    await this.perform("powerOff", guest, this.settings.powerDelay, signal);
    await this.host.guests.write({ ...guest, state: "shutdown" });
  }

  async reboot(
    { signal }: RequestContext,
    serverId: string,
    _type: "SOFT" | "HARD",
    _vifs: readonly PluggedVif[],
  ): Promise<void> {
    const guest = await this.guestOf(serverId);
    await this.perform("reboot", guest, this.settings.powerDelay, signal);
    await this.boot(guest);
  }

  async getConsoleOutput(serverId: string, lines: number | null): Promise<string | null> {
    const text = await this.host.guests.readConsole(serverId);
    if (lines === null) return text;
    return lines === 0
      ? ""
      : text
          .split(/(?<=\n)/)
          .slice(-lines)
          .join("");
  }

  override onGuestEvent(listener: (event: GuestEvent) => void): void {
    this.listeners.push(listener);
  }

  /** Lets a guest stop or crash by itself, and tells whoever listens: how tests see what real guests do. */
  async endByItself(serverId: string, state: "shutdown" | "crashed"): Promise<void> {
    await this.host.guests.write({ ...(await this.guestOf(serverId)), state });
    for (const listener of this.listeners) listener({ serverId, powerState: state });
  }

  override async cleanupHost(): Promise<void> {
    this.opened = undefined;
  }

  private get host(): Host {
    if (!this.opened)
      throw new KilonovaError("internal", "the fake driver was used before initHost, or after cleanupHost");
    return this.opened;
  }

  private async guestOf(serverId: string): Promise<FakeGuest> {
    const guest = await this.host.guests.read(serverId);
    if (!guest) throw new KilonovaError("virt.failed", `server ${serverId} has no guest on this host`);
    return guest;
  }

  /** Takes its time, then fails where the options say so. */
  private async perform(verb: FakeVerb, guest: FakeGuest, delay: number, signal: AbortSignal): Promise<void> {
    if (delay > 0) await this.clock.sleep(delay, signal);
    signal.throwIfAborted();
    const failure = this.settings.failures.find(
      ({ verb: failing, host = this.host.name, server = "" }) =>
        failing === verb && host === this.host.name && new RegExp(server).test(guest.name),
    );
    if (!failure) return;
    const words = `the fake driver was told to fail: ${verb} of ${guest.name} on ${this.host.name}`;
    throw new KilonovaError(failure.how === "reschedule" ? "virt.reschedule" : "virt.failed", words);
  }

  /** A guest counts as running once all that it shows of itself is there. */
  private async boot(guest: FakeGuest): Promise<void> {
    const boots = guest.boots + 1;
    const { guests } = this.host;
    await guests.writeConsole(guest.id, `${FAKE_GREETING}\r\n${guest.name} is up, boot ${boots}\r\n`);
    await guests.write({ ...guest, state: "running", boots });
  }

  /**
   * A process that was killed may have made a guest and not have said so, or have said that it removes one and not have
   * done it: the guests that are there are the truth.
   */
  private async mendHistory(): Promise<void> {
    const { guests, history, name } = this.host;
    for (const serverId of await this.listServers()) {
      const guest = await guests.read(serverId);
      if (!guest || guest.state === "building") continue;
      const last = (await history.read(serverId)).findLast(({ host }) => host === name);
      if (last?.event !== "spawned") await this.remember(serverId, "spawned");
    }
  }

  private async remember(serverId: string, event: "spawned" | "destroyed"): Promise<void> {
    const { history, name } = this.host;
    await history.append(serverId, { event, host: name, at: this.clock.now() });
  }
}

function powerStateOf({ state }: FakeGuest): PowerState {
  return state === "building" ? "pending" : state;
}
