import type { Flavor, Inventories, Server } from "@kilonova/contracts";
import { KilonovaError } from "@kilonova/messaging";
import type { HypervisorResources, Options, VirtDriver } from "@kilonova/plugin-api";
import { capacityOf, demandOf, type HostAmounts, inventoriesOf, RESOURCE_CLASSES } from "./host-capacity.js";
import type { computeOptions } from "./options.js";

const NOTHING: HostAmounts = { VCPU: 0, MEMORY_MB: 0, DISK_GB: 0 };

/** The host at one moment: what its driver reports, and what servers take of it. */
export interface HostUsage {
  readonly resources: HypervisorResources;
  readonly inventories: Inventories;
  readonly used: HostAmounts;
  readonly servers: number;
}

/**
 * Keeps count of what the servers of this host take, and has the last word on whether one more fits: placement knows what
 * the host said of itself a while ago, the tracker what it has now.
 */
export class ResourceTracker {
  readonly #servers = new Map<string, HostAmounts>();
  /** Claimed for servers that the conductor may not know to be here yet. */
  readonly #claims = new Map<string, HostAmounts>();

  constructor(
    private readonly driver: VirtDriver,
    private readonly settings: Options<typeof computeOptions>,
  ) {}

  /** The servers of this host, in place of those it was told of before. What is claimed stays claimed. */
  setServers(servers: readonly Server[]): void {
    this.#servers.clear();
    for (const server of servers) if (takesResources(server)) this.#servers.set(server.id, demandOf(server.flavor));
  }

  async usage(): Promise<HostUsage> {
    const resources = await this.driver.getAvailableResources();
    const inventories = inventoriesOf(resources, this.settings);
    const taken = this.#taken();
    return { resources, inventories, used: sum(taken.values()), servers: taken.size };
  }

  /**
   * Sets aside what a server takes. Safe to repeat.
   *
   * @throws KilonovaError `virt.reschedule` where it does not fit, naming what is short
   */
  async claim(serverId: string, flavor: Flavor): Promise<void> {
    const { inventories } = await this.usage();
    // From here on nothing waits: two claims never count on the same resources.
    const capacity = capacityOf(inventories);
    const others = this.#taken();
    others.delete(serverId);
    const used = sum(others.values());
    const demand = demandOf(flavor);
    for (const each of RESOURCE_CLASSES) {
      const free = capacity[each] - used[each];
      if (demand[each] === 0 || demand[each] <= free) continue;
      throw new KilonovaError(
        "virt.reschedule",
        `This host has ${Math.max(0, free)} ${each} left, ${demand[each]} are needed.`,
        { details: { reason: "resources", resourceClass: each } },
      );
    }
    this.#claims.set(serverId, demand);
  }

  /** The server is here to stay. */
  keep(serverId: string): void {
    const claimed = this.#claims.get(serverId);
    this.#claims.delete(serverId);
    if (claimed) this.#servers.set(serverId, claimed);
  }

  /** The server takes nothing from this host any more. */
  release(serverId: string): void {
    this.#claims.delete(serverId);
    this.#servers.delete(serverId);
  }

  #taken(): Map<string, HostAmounts> {
    return new Map([...this.#servers, ...this.#claims]);
  }
}

/** A server that was never launched and is in error has nothing, wherever it is. */
function takesResources({ vmState, launchedAt }: Server): boolean {
  return vmState !== "deleted" && !(vmState === "error" && launchedAt === null);
}

function sum(amounts: Iterable<HostAmounts>): HostAmounts {
  let total = NOTHING;
  for (const { VCPU, MEMORY_MB, DISK_GB } of amounts) {
    total = { VCPU: total.VCPU + VCPU, MEMORY_MB: total.MEMORY_MB + MEMORY_MB, DISK_GB: total.DISK_GB + DISK_GB };
  }
  return total;
}
