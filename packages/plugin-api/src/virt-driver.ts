import type { ClientTls } from "@kilonova/config";
import type { HostFacts, Image, PowerState, Server } from "@kilonova/contracts";
import type { RequestContext } from "@kilonova/messaging";
import type { PluggedVif } from "./network-driver.js";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";

/** What a hypervisor has, before anything is reserved or used. */
export interface HypervisorResources {
  /** The hypervisor's own name; unique in the cloud, stable for ever. */
  readonly hypervisorHostname: string;
  /** `QEMU`, `fake`, … */
  readonly hypervisorType: string;
  /** As an integer: 7.2.22 is 7002022. */
  readonly hypervisorVersion: number;
  readonly vcpus: number;
  /** MiB */
  readonly memoryMb: number;
  /** GiB, of the file system that guests' disks are on. */
  readonly diskGb: number;
  readonly cpuInfo: Readonly<Record<string, unknown>>;
  /** Seconds since the host was booted, where that is known. */
  readonly uptime: number | null;
  /** What filters and weighers may read of the host beyond that. What is left out nobody can ask for here. */
  readonly facts?: HostFacts;
  /**
   * What guests can count on here, in Placement's words: standard traits (`HW_CPU_X86_AVX2`) or `CUSTOM_…`. Only what
   * guests really get. Where this is left out, the traits of the host's provider are the operator's alone; where it is
   * not, see the guide for which of them the driver speaks for.
   */
  readonly traits?: readonly string[];
}

/** Where the bytes of an image come from. */
export interface ImageSource {
  readonly url: string;
  /** Secrets among them: never in argv, never logged. */
  readonly headers: Readonly<Record<string, string>>;
  /** How an https address is trusted, for `httpFetch`; as Node.js does where nothing is said. */
  readonly tls?: ClientTls;
}

/** The image of a guest. */
export interface GuestImage {
  readonly image: Image;
  /** A fresh ticket for its bytes; ask only when they are not in the cache. */
  source(): Promise<ImageSource>;
}

/** All that a driver needs to make a guest. */
export interface GuestSpec {
  readonly server: Server;
  /** Null for a server that boots from no image. */
  readonly image: GuestImage | null;
  /** What the network driver made of the server's interfaces, in their order. */
  readonly vifs: readonly PluggedVif[];
}

/** How a reboot or a stop is to be done. */
export interface PowerOffOptions {
  /** Milliseconds that the guest has to shut itself down before it is switched off. */
  readonly timeout: number;
}

/** What a host tells of a guest without being asked. */
export interface GuestEvent {
  readonly serverId: string;
  readonly powerState: PowerState;
}

/**
 * The hypervisor of one host, as the compute service drives it. `compute.driver` names one; one object per process.
 *
 * - Guests are found by their server's id, and outlive the process: after a restart the driver finds them again.
 * - Every method is safe to repeat: a step may be done again after a crash. `spawn` of a guest that is there and whole
 *   leaves it as it is; one that is there by halves is finished or made anew; `destroy` of none succeeds.
 * - Methods for one server are never called at the same time; for different servers they are.
 * - They end by the context's signal. What fails throws: `virt.reschedule` where another host may do it,
 *   `virt.failed` or anything else where it makes no sense to try elsewhere. A failed build counts against its host,
 *   which schedulers avoid then; one with `details.reason` `impossible` (what was asked for runs nowhere) does not.
 */
export abstract class VirtDriver {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "virt-driver", version: 1 };

  /** The kinds of plugged interfaces that guests here can use, best first. */
  abstract readonly vifTypes: readonly string[];

  /** Called once, before anything else. @throws when the hypervisor cannot be used: the compute does not start then */
  abstract initHost(host: string): Promise<void>;

  /** Called at start and in every audit; cheap. */
  abstract getAvailableResources(): Promise<HypervisorResources>;

  /** The server ids of all guests here, running or not, those made by halves included. */
  abstract listServers(): Promise<readonly string[]>;

  /** Undefined where there is no such guest. */
  abstract getPowerState(serverId: string): Promise<PowerState | undefined>;

  /** Makes the guest and starts it. Resolves when it runs; leaves nothing behind when it throws. */
  abstract spawn(context: RequestContext, guest: GuestSpec): Promise<void>;

  /** Removes the guest and its disks. */
  abstract destroy(context: RequestContext, serverId: string): Promise<void>;

  /** Starts a guest that is off, with its interfaces as they are now. */
  abstract powerOn(context: RequestContext, serverId: string, vifs: readonly PluggedVif[]): Promise<void>;

  /** Asks the guest to shut down, then switches it off. */
  abstract powerOff(context: RequestContext, serverId: string, options: PowerOffOptions): Promise<void>;

  /** SOFT asks the guest, and becomes HARD where it does not listen in time. The guest may be off before; it runs after. */
  abstract reboot(
    context: RequestContext,
    serverId: string,
    type: "SOFT" | "HARD",
    vifs: readonly PluggedVif[],
  ): Promise<void>;

  /** The last lines of the serial console, all that is kept where `lines` is null; null where the driver has no console. */
  abstract getConsoleOutput(serverId: string, lines: number | null): Promise<string | null>;

  /** Tells of guests that stopped, started or crashed by themselves. Optional: the power sync finds out later. */
  onGuestEvent?(listener: (event: GuestEvent) => void): void;

  /** Lets go of what the process holds; guests go on. */
  async cleanupHost(): Promise<void> {}
}
