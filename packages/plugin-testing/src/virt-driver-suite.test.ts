import {
  type GuestSpec,
  type HypervisorResources,
  KilonovaError,
  type PowerState,
  type RequestContext,
  VirtDriver,
} from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { sampleServer } from "./sample-server.js";
import { failingNames } from "./testing/failing-checks.js";
import { virtDriverSuite } from "./virt-driver-suite.js";

/** Guests in a map, which is the host. */
class MapDriver extends VirtDriver {
  readonly vifTypes = ["none"];

  constructor(protected readonly guests: Map<string, PowerState>) {
    super();
  }

  override async initHost(): Promise<void> {}

  override async getAvailableResources(): Promise<HypervisorResources> {
    return {
      hypervisorHostname: "host1",
      hypervisorType: "map",
      hypervisorVersion: 1,
      vcpus: 1,
      memoryMb: 1,
      diskGb: 1,
      cpuInfo: {},
      uptime: null,
    };
  }

  override async listServers(): Promise<readonly string[]> {
    return [...this.guests.keys()];
  }

  override async getPowerState(serverId: string): Promise<PowerState | undefined> {
    return this.guests.get(serverId);
  }

  override async spawn({ signal }: RequestContext, { server }: GuestSpec): Promise<void> {
    signal.throwIfAborted();
    this.guests.set(server.id, "running");
  }

  override async destroy(_context: RequestContext, serverId: string): Promise<void> {
    this.guests.delete(serverId);
  }

  override powerOn(_context: RequestContext, serverId: string): Promise<void> {
    return this.#set(serverId, "running");
  }

  override powerOff(_context: RequestContext, serverId: string): Promise<void> {
    return this.#set(serverId, "shutdown");
  }

  override reboot(_context: RequestContext, serverId: string): Promise<void> {
    return this.#set(serverId, "running");
  }

  override async getConsoleOutput(): Promise<null> {
    return null;
  }

  async #set(serverId: string, state: PowerState): Promise<void> {
    if (!this.guests.has(serverId)) throw new KilonovaError("virt.failed", "there is no such guest");
    this.guests.set(serverId, state);
  }
}

function suiteOf(Driver: new (guests: Map<string, PowerState>) => VirtDriver) {
  return virtDriverSuite(async () => {
    const guests = new Map<string, PowerState>();
    return {
      makeDriver: async () => new Driver(guests),
      guest: () => ({ server: sampleServer(), image: null, vifs: [] }),
      greeting: undefined,
      shutdownTimeout: 100,
      end: async () => {},
    };
  });
}

/** A driver that says this of its host. */
function describing(description: Partial<HypervisorResources>) {
  return class extends MapDriver {
    override async getAvailableResources(): Promise<HypervisorResources> {
      return { ...(await super.getAvailableResources()), ...description };
    }
  };
}

const DESCRIPTION =
  "what a host says of itself beyond its size can be sent, and its traits are Placement's words, each once";

describe("virtDriverSuite", () => {
  it("passes a driver that says nothing of its host but its size, and one that says a lot", async () => {
    expect(await failingNames(suiteOf(MapDriver))).toEqual([]);
    const facts = {
      supportedInstances: [{ architecture: "x86_64", hypervisorType: "map", vmMode: "exe" }],
      metrics: { "cpu.percent": 12.5 },
      stats: { rack: { row: 1 } },
    };
    const Talkative = describing({ facts, traits: ["HW_CPU_X86_AVX2", "CUSTOM_GUESTS_IN_A_MAP"] });
    expect(await failingNames(suiteOf(Talkative))).toEqual([]);
  });

  it.each<[string, Partial<HypervisorResources>]>([
    ["a metric that is no number", { facts: { metrics: { "cpu.percent": Number.NaN } } }],
    ["a fact that is lost on its way", { facts: { stats: { since: new Date(0) } } }],
    ["a trait that is no name", { traits: ["fast"] }],
    ["a trait twice", { traits: ["CUSTOM_FAST", "CUSTOM_FAST"] }],
  ])("fails a driver that reports %s", async (_, description) => {
    expect(await failingNames(suiteOf(describing(description)))).toEqual([DESCRIPTION]);
  });

  it("fails a driver that forgets its guests, and one that ends what is not there", async () => {
    class Forgetful extends MapDriver {
      constructor() {
        super(new Map());
      }
    }
    class Careless extends MapDriver {
      override async powerOn(_context: RequestContext, serverId: string): Promise<void> {
        this.guests.set(serverId, "running");
      }
    }
    expect((await failingNames(suiteOf(Forgetful))).length).toBeGreaterThan(0);
    expect(await failingNames(suiteOf(Careless))).toEqual([
      "what cannot be done to a guest that is not there fails, and makes none",
    ]);
  });
});
