import {
  giveBackLease,
  releaseLeases,
  renewLeases,
  type TakenOperation,
  takeForConductor,
} from "@kilonova/compute-store";
import type { Fault, Operation, ServerChanges } from "@kilonova/contracts";
import { isUnanswered } from "@kilonova/core";
import { isKilonovaError, messageOf } from "@kilonova/messaging";
import pLimit from "p-limit";
import type { BuildServers } from "./build-servers.js";
import { faultOf } from "./fault.js";
import type { ServerResources } from "./server-resources.js";
import { beginEvent, stepOf } from "./taken.js";
import type { ConductorWorld } from "./world.js";

/** Milliseconds after which a step that could not be done is begun anew. */
const BEGIN_ANEW = 5_000;
const RENEWALS_PER_LEASE = 4;

/** Why a conductor has an operation that is not just its next step. */
export interface Reason {
  /** Its compute does not do it, in words. */
  readonly lost?: string;
  /** It has had its time. */
  readonly overdue?: boolean;
}

/**
 * The operations that this conductor has taken: works on them in a bounded pool, outside the messages that brought them,
 * and keeps their leases.
 */
export class ConductorWork {
  readonly #held = new Map<string, TakenOperation>();
  readonly #running = new Set<Promise<void>>();
  readonly #limit: ReturnType<typeof pLimit>;
  #renewedAt = 0;
  #leaving = false;

  constructor(
    private readonly world: ConductorWorld,
    private readonly builds: BuildServers,
    private readonly resources: ServerResources,
  ) {
    this.#limit = pLimit(world.options.workers);
  }

  /** Takes what is a conductor's to do, and resolves: the work goes on. A conductor that is leaving takes nothing. */
  async take(operationIds: readonly string[], reason: Reason = {}): Promise<void> {
    if (this.#leaving) return;
    this.begin(await takeForConductor(this.world.database, this.taker(), operationIds), reason);
  }

  taker() {
    return { owner: this.world.owner, lease: this.world.options.operationLease };
  }

  /** False while so much waits already that more had better be taken by another conductor. */
  hasRoom(): boolean {
    return !this.#leaving && this.#limit.pendingCount < 4 * this.world.options.workers;
  }

  /** Starts on operations that have been taken. Builds of one request that have had no host go together. */
  begin(taken: readonly TakenOperation[], reason: Reason = {}): void {
    for (const group of groups(taken, reason)) {
      for (const one of group) this.#held.set(one.operation.id, one);
      const work = this.#limit(() => this.#work(group, reason)).finally(() => this.#running.delete(work));
      this.#running.add(work);
    }
  }

  /** Lengthens the leases of all that is held, when it is time. */
  async renew(): Promise<void> {
    const { clock, database, owner, options } = this.world;
    if (clock.now() - this.#renewedAt < options.operationLease / RENEWALS_PER_LEASE) return;
    this.#renewedAt = clock.now();
    await renewLeases(database, owner, [...this.#held.keys()], options.operationLease);
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Takes nothing new, lets what runs end until the signal aborts, and gives back what has not. */
  async leave(signal: AbortSignal): Promise<void> {
    this.#leaving = true;
    const late = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([this.idle(), late]);
    await releaseLeases(this.world.database, this.world.owner);
  }

  async #work(group: readonly TakenOperation[], reason: Reason): Promise<void> {
    try {
      // What waited for its turn when the conductor began to leave is given back.
      if (!this.#leaving) await this.#perform(group, reason);
    } catch (error) {
      for (const taken of group) await this.#failed(taken, error, reason);
    } finally {
      for (const { operation } of group) this.#held.delete(operation.id);
    }
  }

  async #perform(group: readonly TakenOperation[], reason: Reason): Promise<void> {
    const [first] = group;
    if (!first) return;
    const { action, attempt } = first.operation;
    if (action === "create" && reason.overdue) {
      for (const taken of group) await this.#giveUpBuild(taken);
      return;
    }
    if (action === "create" && attempt === 0) return await this.builds.schedule(group);
    for (const taken of group) await this.#performOne(action, taken, reason);
  }

  async #performOne(action: Operation["action"], taken: TakenOperation, { lost, overdue }: Reason): Promise<void> {
    const lastFault = lost ? faultOf(lost) : taken.lastFault;
    if (action === "create") return await this.builds.tryAlternates({ ...taken, lastFault });
    if (action === "delete") return await this.#delete(taken, lost ?? null);
    const why = lost ?? (overdue ? "It took too long." : "Its host did not do it.");
    await this.#abandon(taken, `The server could not be ${PARTICIPLES[action]}. ${why}`);
  }

  /** For a server that is on no host, or on one that is lost: there, the audit of its compute removes the guest later. */
  async #delete(taken: TakenOperation, why: string | null): Promise<void> {
    const end = beginEvent(this.world.clock, "conductor_deleteServer");
    if (!(await this.resources.release(taken))) return;
    await this.world.ends.finish(stepOf(taken), {
      changes: { vmState: "deleted", networkInfo: [] },
      fault: null,
      events: [end("Success", why)],
    });
  }

  /** The server is as it was unless something else is said, and idle. */
  async #abandon(taken: TakenOperation, words: string, changes: ServerChanges = {}): Promise<void> {
    const event = beginEvent(this.world.clock, `conductor_${taken.operation.action}Server`)("Error", words);
    await this.world.ends.finish(stepOf(taken), { changes, fault: faultOf(words), events: [event] });
  }

  async #giveUpBuild(taken: TakenOperation): Promise<void> {
    const said = taken.lastFault ? ` ${taken.lastFault.message}` : "";
    const fault = faultOf(`The server could not be built in time.${said}`);
    try {
      await this.builds.fail(taken, fault);
    } catch (error) {
      this.#log(taken, error, "what a server had could not be released; its delete will");
      await this.builds.end(taken, fault);
    }
  }

  /**
   * A step that found nobody is begun anew by whoever takes it then. A build that fails otherwise fails for good, and so
   * does what had its time.
   */
  async #failed(taken: TakenOperation, error: unknown, { overdue }: Reason): Promise<void> {
    try {
      if (taken.operation.action === "create" && !isUnanswered(error)) {
        this.#log(taken, error, "a build failed");
        return await this.builds.fail(taken, buildFault(error));
      }
      if (overdue) {
        this.#log(taken, error, "an operation that had its time could not be done");
        await this.#abandon(taken, `The ${taken.operation.action} of the server took too long.`, { vmState: "error" });
        return;
      }
      this.#log(taken, error, "a step could not be done; it will be begun anew");
      await giveBackLease(this.world.database, stepOf(taken), BEGIN_ANEW);
    } catch (second) {
      this.#log(taken, second, "an operation is left until its lease is over");
    }
  }

  #log({ operation }: TakenOperation, error: unknown, words: string): void {
    const { id: operationId, action, serverId, requestId } = operation;
    this.world.logger.warn({ operationId, action, serverId, requestId, error: messageOf(error) }, words);
  }
}

/** A hook that vetoes speaks to the user; what else broke is for administrators. */
function buildFault(error: unknown): Fault {
  const words = "The server could not be scheduled:";
  if (isKilonovaError(error, "hook.vetoed")) return faultOf(`${words} ${error.message}`);
  return faultOf(`${words} an internal error.`, messageOf(error));
}

const PARTICIPLES = { start: "started", stop: "stopped", reboot: "rebooted" } as const;

function groups(taken: readonly TakenOperation[], { overdue }: Reason): readonly (readonly TakenOperation[])[] {
  const byRequest = new Map<string, TakenOperation[]>();
  for (const one of taken) {
    const { action, attempt, id } = one.operation;
    const together = action === "create" && attempt === 0 && !overdue;
    const key = together ? `request ${one.server.reservationId}` : `operation ${id}`;
    byRequest.set(key, [...(byRequest.get(key) ?? []), one]);
  }
  return [...byRequest.values()];
}
