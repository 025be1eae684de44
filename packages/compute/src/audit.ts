import type { Conductor, Placement } from "@kilonova/contracts";
import type { KeyedMutex } from "@kilonova/core";
import { patientCall, STEP_DEADLINE } from "@kilonova/core";
import type { RequestContext, RpcClient } from "@kilonova/messaging";
import type { Clock, Logger, VirtDriver } from "@kilonova/plugin-api";
import type { OperationRunner } from "./operation-runner.js";

import type { ServerNetworks } from "./server-networks.js";

/** How many servers are asked about in one call. */
const BATCH = 1_000;
/** Placement wants to know whose an allocation is, even one that is taken away. */
const NOBODY = "nobody";

interface KnownServers {
  readonly here: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
}

export interface AuditWorld {
  readonly conductor: RpcClient<Conductor>;
  readonly placement: RpcClient<Placement>;
  readonly virt: VirtDriver;
  readonly networks: ServerNetworks;
  readonly runner: OperationRunner;
  readonly locks: KeyedMutex;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly host: string;
}

/** Removes from a host what belongs to no server: guests here, allocations at placement. */
export class Audit {
  /** Consumers that had no server at the last look, with the fence of their allocations then. */
  #suspects: ReadonlyMap<string, number> = new Map();
  readonly #strangers = new Set<string>();

  constructor(private readonly world: AuditWorld) {}

  /**
   * Destroys guests whose servers have been deleted or are elsewhere, but for those that something is being done to.
   * A guest of which the conductor knows nothing is only told of: a compute that was led to another cloud, or a database
   * that was put back from yesterday, must not cost anybody's disks.
   *
   * @param patience milliseconds that a conductor may be away
   */
  async destroyOrphans(context: RequestContext, patience = STEP_DEADLINE): Promise<void> {
    const { virt, runner } = this.world;
    const found = (await virt.listServers()).filter((id) => !runner.isBusy(id));
    const { here, gone } = await this.#known(context, found, patience);
    for (const id of gone) await this.#destroyOrphan(context, id, patience);
    this.#tellOfStrangers(found.filter((id) => !here.has(id) && !gone.has(id)));
  }

  /**
   * Frees allocations whose servers are gone. A server that is on its way here has one before the conductor knows of it:
   * only what had no server at the last look either, and has not changed since, is freed.
   */
  async freeAllocations(context: RequestContext, providerId: string): Promise<void> {
    const { placement, logger } = this.world;
    const found = await placement.call.consumersOf(context, { providerId });
    if (!found.ok) return;
    const ids = found.value.map(({ consumerId }) => consumerId);
    const { here } = await this.#known(context, ids, STEP_DEADLINE);
    const unknown = found.value.filter(({ consumerId }) => !here.has(consumerId));
    const gone = unknown.filter(({ consumerId, fence }) => this.#suspects.get(consumerId) === fence);
    this.#suspects = new Map(unknown.map(({ consumerId, fence }) => [consumerId, fence]));
    for (const { consumerId, fence } of gone) {
      const claim = { consumerId, fence, projectId: NOBODY, userId: NOBODY, allocations: [] };
      const { ok } = await placement.call.claim(context, { claims: [claim] });
      if (ok) logger.warn({ serverId: consumerId }, "an allocation whose server is gone was freed");
    }
  }

  /** Asked once more with the server's lock in hand: what ran there may have ended meanwhile. */
  async #destroyOrphan(context: RequestContext, serverId: string, patience: number): Promise<void> {
    const { locks, runner, virt, networks, logger } = this.world;
    await locks.run(serverId, async () => {
      if (runner.isBusy(serverId) || !(await this.#known(context, [serverId], patience)).gone.has(serverId)) return;
      logger.warn({ serverId }, "a guest whose server was deleted or is elsewhere is destroyed");
      await virt.destroy(context, serverId);
      await networks.unplug(context, serverId);
    });
  }

  /** Each is told once in the life of a process. */
  #tellOfStrangers(serverIds: readonly string[]): void {
    for (const serverId of serverIds) {
      if (this.#strangers.has(serverId)) continue;
      this.#strangers.add(serverId);
      this.world.logger.error(
        { serverId },
        "a guest was found of which the conductor knows nothing; it is left alone: remove it by hand if it is nobody's",
      );
    }
  }

  async #known(context: RequestContext, serverIds: readonly string[], patience: number): Promise<KnownServers> {
    const { conductor, clock, host } = this.world;
    const here = new Set<string>();
    const gone = new Set<string>();
    for (let start = 0; start < serverIds.length; start += BATCH) {
      const args = { host, serverIds: serverIds.slice(start, start + BATCH) };
      const answer = await patientCall(
        clock,
        context.signal,
        () => conductor.call.knownServers(context, args),
        patience,
      );
      for (const id of answer.here) here.add(id);
      for (const id of answer.gone) gone.add(id);
    }
    return { here, gone };
  }
}
