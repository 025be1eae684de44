import type { Conductor, PowerState, Server, VmState } from "@kilonova/contracts";
import type { KeyedMutex } from "@kilonova/core";
import { messageOf, type RequestContext, type RpcClient } from "@kilonova/messaging";
import type { Logger, VirtDriver } from "@kilonova/plugin-api";
import pLimit from "p-limit";
import type { OperationRunner } from "./operation-runner.js";

/** How many guests are looked at at the same time. */
const CONCURRENCY = 5;

export interface PowerSyncWorld {
  readonly conductor: RpcClient<Conductor>;
  readonly virt: VirtDriver;
  readonly runner: OperationRunner;
  readonly locks: KeyedMutex;
  readonly logger: Logger;
  readonly host: string;
  /** Milliseconds */
  readonly shutdownTimeout: number;
}

interface Finding {
  readonly serverId: string;
  readonly vmState: VmState;
  readonly powerState: PowerState;
}

/**
 * Brings what is recorded of servers together with what their guests do. A guest that stopped by itself makes its server
 * a stopped one; one that runs though its server is stopped is stopped. Servers that something is done to are left alone.
 */
export class PowerSync {
  constructor(private readonly world: PowerSyncWorld) {}

  /** @param only the servers that are looked at; all of the host where nothing is said */
  async run(context: RequestContext, only?: ReadonlySet<string>): Promise<void> {
    const { conductor, host, runner } = this.world;
    await runner.watching(async (taken) => {
      const servers = (await conductor.call.serversOfHost(context, { host })).filter(({ id }) => only?.has(id) ?? true);
      const limit = pLimit(CONCURRENCY);
      await Promise.all(servers.map((server) => limit(() => this.#look(context, server, taken))));
    });
  }

  /** Tells what differs from what is recorded while nothing can be done to the server: a moment later it may be untrue. */
  async #look(context: RequestContext, server: Server, taken: ReadonlySet<string>): Promise<void> {
    const { conductor, host, locks, runner, logger } = this.world;
    const isLeftAlone = () => server.taskState !== null || taken.has(server.id) || runner.isBusy(server.id);
    if (isLeftAlone()) return;
    await locks.run(server.id, async () => {
      if (isLeftAlone()) return;
      try {
        const finding = await this.#compare(context, server);
        if (finding) await conductor.call.syncPowerStates(context, { host, servers: [finding] });
      } catch (error) {
        logger.warn({ serverId: server.id, error: messageOf(error) }, "the power state of a guest could not be synced");
      }
    });
  }

  async #compare(context: RequestContext, { id, vmState, powerState: recorded }: Server): Promise<Finding | undefined> {
    const { virt, logger, shutdownTimeout } = this.world;
    let powerState = await virt.getPowerState(id);
    if (powerState === undefined) {
      if (vmState === "active" || vmState === "stopped")
        logger.warn({ serverId: id }, "a server has no guest on its host");
      return undefined;
    }
    if (vmState === "stopped" && powerState === "running") {
      logger.warn({ serverId: id }, "a guest that runs though its server is stopped is switched off");
      await virt.powerOff(context, id, { timeout: shutdownTimeout });
      powerState = "shutdown";
    }
    const synced = vmState === "active" && HALTED.includes(powerState) ? "stopped" : vmState;
    return synced === vmState && powerState === recorded ? undefined : { serverId: id, vmState: synced, powerState };
  }
}

const HALTED: readonly PowerState[] = ["shutdown", "crashed", "suspended"];
