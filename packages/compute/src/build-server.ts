import type { Fault, NetworkInfo } from "@kilonova/contracts";
import { isKilonovaError } from "@kilonova/messaging";
import type { Clock, VirtDriver } from "@kilonova/plugin-api";
import { faultOf, instantOf, StepRecord } from "./operation-steps.js";
import type { ResourceTracker } from "./resource-tracker.js";
import type { ServerAllocations } from "./server-allocations.js";
import type { ServerImages } from "./server-images.js";
import type { ServerNetworks } from "./server-networks.js";
import { isStale, Leaving } from "./stale.js";
import type { TakenOperation } from "./taken-operation.js";

export interface BuildServerWorld {
  readonly clock: Clock;
  readonly host: string;
  readonly virt: VirtDriver;
  readonly tracker: ResourceTracker;
  readonly networks: ServerNetworks;
  readonly images: ServerImages;
  readonly allocations: ServerAllocations;
}

/** Makes the guest; hooks run round it. */
export type AttemptBuild = (taken: TakenOperation) => Promise<unknown>;

/**
 * Builds a server on this host. It ends active; or, with all traces of it removed, rescheduled where another host may do
 * better and in error where none can; or, where a newer owner took it over, with all traces removed and nothing said.
 */
export class BuildServer {
  constructor(private readonly world: BuildServerWorld) {}

  /**
   * @param attempt {@link make}, with the hooks round it
   * @throws what kept it from telling how it ended: the operation is woken again
   */
  async run(taken: TakenOperation, attempt: AttemptBuild): Promise<void> {
    const { clock, host, tracker, allocations } = this.world;
    const { server } = taken;
    const step = new StepRecord(clock, host, "compute_buildServer");
    try {
      taken.signal.throwIfAborted();
      await attempt(taken);
    } catch (thrown) {
      const failure = taken.signal.aborted ? taken.signal.reason : thrown;
      if (failure instanceof Leaving) throw failure;
      await this.#undo(taken);
      if (isStale(failure)) throw failure;
      const events = [step.failed(failure)];
      if (isElsewherePossible(failure)) return await taken.reschedule(faultFor(failure), events);
      await taken.finish({ vmState: "error", taskState: null, networkInfo: [] }, faultFor(failure), events);
      // Only now: whoever took over a build that had no end would build without an allocation. Should this not come to
      // pass, the audit finds an allocation whose server is not on this host.
      return await allocations.free(taken, taken.signal);
    }
    await this.#finish(taken, step);
    tracker.keep(server.id);
  }

  /**
   * Claims, gets the networks, makes the guest. Each step finds what an earlier try has left.
   *
   * @param allocateNetworks gets the interfaces, with the hooks round it
   * @returns the server's interfaces
   */
  async make(taken: TakenOperation, allocateNetworks: () => Promise<NetworkInfo>): Promise<NetworkInfo> {
    const { tracker, networks, images, virt } = this.world;
    const { context, server } = taken;
    await tracker.claim(server.id, server.flavor);
    const [networkInfo, image] = await all([
      allocateNetworks(),
      images.find(context, server.imageId),
      taken.update({ taskState: "networking" }),
    ]);
    const [vifs] = await all([
      networks.plug(context, server, networkInfo),
      taken.update({ taskState: "spawning", networkInfo: [...networkInfo] }),
    ]);
    await virt.spawn(context, { server, image, vifs });
    taken.signal.throwIfAborted();
    return networkInfo;
  }

  /** A guest whose end of building was refused is nobody's: it goes. */
  async #finish(taken: TakenOperation, step: StepRecord): Promise<void> {
    const launchedAt = instantOf(this.world.clock.now());
    try {
      await taken.finish({ vmState: "active", taskState: null, powerState: "running", launchedAt }, null, [
        step.succeeded(),
      ]);
    } catch (error) {
      if (taken.signal.aborted ? isStale(taken.signal.reason) : isStale(error)) await this.#undo(taken);
      throw error;
    }
  }

  /** @throws what could not be undone */
  async #undo(taken: TakenOperation): Promise<void> {
    const { virt, networks, tracker } = this.world;
    const { undoing, server } = taken;
    await virt.destroy(undoing, server.id);
    await networks.unplug(undoing, server.id);
    await networks.deallocate(taken);
    tracker.release(server.id);
  }
}

/**
 * As `Promise.all`, but fails only when all have ended: what goes on after a failure would be undone too early.
 */
async function all<Values extends readonly unknown[]>(
  promises: {
    readonly [Index in keyof Values]: Promise<Values[Index]>;
  },
): Promise<Values> {
  await Promise.allSettled(promises);
  return (await Promise.all(promises)) as unknown as Values;
}

/** A failure of the host's, that is: of its driver, its size, or its network. */
function isElsewherePossible(failure: unknown): boolean {
  if (isKilonovaError(failure, "virt.reschedule")) return true;
  return isKilonovaError(failure, "network.failed") && !isRefusedNetwork(failure);
}

/** What the network service refuses it would refuse to every host. */
function isRefusedNetwork(failure: unknown): boolean {
  return isKilonovaError(failure, "network.failed") && failure.details["reason"] !== undefined;
}

function faultFor(failure: unknown): Fault {
  return faultOf("The server could not be built", failure, codeOf(failure));
}

/** What every host would have refused has a code below 500: it does not count against this one. */
function codeOf(failure: unknown): number {
  if (isKilonovaError(failure, "hook.vetoed")) return 403;
  if (isRefusedNetwork(failure)) return 400;
  if (isKilonovaError(failure, "virt.failed") && failure.details["reason"] === "impossible") return 400;
  if (isKilonovaError(failure, "image.unavailable") && failure.details["reason"] === "content") return 400;
  return 500;
}
