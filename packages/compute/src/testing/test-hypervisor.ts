import {
  type GuestEvent,
  type GuestSpec,
  type HypervisorResources,
  KilonovaError,
  NetworkDriver,
  type PluggedVif,
  type PowerState,
  type RequestContext,
  type Vif,
  VirtDriver,
} from "@kilonova/plugin-api";

/** The hardware of one host and the guests on it: outlives the drivers that a process has of it. */
export class TestHost {
  readonly guests = new Map<string, PowerState>();
  readonly plugged = new Map<string, readonly PluggedVif[]>();
  /** Guests made, by server id: twice is too often. */
  readonly spawns: string[] = [];
  size = { vcpus: 8, memoryMb: 8_192, diskGb: 100 };
  /** What the driver tells of the host beyond its size. */
  description: Pick<HypervisorResources, "facts" | "traits"> = {};
  console: string | null = "one\ntwo\n";
  /** Runs in the middle of a driver's method: throws, or waits. */
  before: (verb: string, serverId: string) => Promise<void> | void = () => {};
}

/** A virt driver that a test can kill: what it was doing never comes back. */
export class TestVirtDriver extends VirtDriver {
  readonly vifTypes = ["user"];
  #isKilled = false;
  #listener: ((event: GuestEvent) => void) | undefined;

  constructor(private readonly host: TestHost) {
    super();
  }

  kill(): void {
    this.#isKilled = true;
  }

  tell(event: GuestEvent): void {
    this.#listener?.(event);
  }

  async initHost(): Promise<void> {}

  async getAvailableResources(): Promise<HypervisorResources> {
    return {
      hypervisorHostname: "node1",
      hypervisorType: "test",
      hypervisorVersion: 1,
      ...this.host.size,
      ...this.host.description,
      cpuInfo: {},
      uptime: null,
    };
  }

  async listServers(): Promise<readonly string[]> {
    return [...this.host.guests.keys()];
  }

  async getPowerState(serverId: string): Promise<PowerState | undefined> {
    return this.host.guests.get(serverId);
  }

  async spawn({ signal }: RequestContext, { server: { id }, image }: GuestSpec): Promise<void> {
    if (this.host.guests.get(id) === "running") return;
    this.host.guests.set(id, "pending");
    try {
      await this.#pass("spawn", id, signal);
      await image?.source();
    } catch (error) {
      this.host.guests.delete(id);
      throw error;
    }
    this.host.spawns.push(id);
    this.host.guests.set(id, "running");
    await this.#pass("spawned", id, signal);
  }

  async destroy({ signal }: RequestContext, serverId: string): Promise<void> {
    await this.#pass("destroy", serverId, signal);
    this.host.guests.delete(serverId);
  }

  async powerOn({ signal }: RequestContext, serverId: string): Promise<void> {
    await this.#set("powerOn", serverId, "running", signal);
  }

  async powerOff({ signal }: RequestContext, serverId: string): Promise<void> {
    await this.#set("powerOff", serverId, "shutdown", signal);
  }

  async reboot({ signal }: RequestContext, serverId: string, type: "SOFT" | "HARD"): Promise<void> {
    await this.#set(`reboot ${type}`, serverId, "running", signal);
  }

  async getConsoleOutput(_serverId: string, lines: number | null): Promise<string | null> {
    return (
      this.host.console &&
      (lines === null
        ? this.host.console
        : this.host.console
            .split(/(?<=\n)/)
            .slice(-lines)
            .join(""))
    );
  }

  override onGuestEvent(listener: (event: GuestEvent) => void): void {
    this.#listener = listener;
  }

  async #set(verb: string, serverId: string, state: PowerState, signal: AbortSignal): Promise<void> {
    await this.#pass(verb, serverId, signal);
    if (!this.host.guests.has(serverId)) throw new KilonovaError("virt.failed", "there is no such guest");
    this.host.guests.set(serverId, state);
  }

  async #pass(verb: string, serverId: string, signal: AbortSignal): Promise<void> {
    const given = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    given.catch(() => {});
    await Promise.race([this.host.before(verb, serverId), given]).finally(
      () => this.#isKilled && new Promise(() => {}),
    );
  }
}

/** Writes down what is plugged. */
export class TestNetworkDriver extends NetworkDriver {
  constructor(private readonly host: TestHost) {
    super();
  }

  async plug(_context: RequestContext, serverId: string, vifs: readonly Vif[], [type = ""]: readonly string[]) {
    await this.host.before("plug", serverId);
    const plugged = vifs.map((vif) => ({ vif, type, details: {} }));
    this.host.plugged.set(serverId, plugged);
    return plugged;
  }

  async unplug(_context: RequestContext, serverId: string): Promise<void> {
    this.host.plugged.delete(serverId);
  }
}
