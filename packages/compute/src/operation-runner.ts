import { randomUUID } from "node:crypto";
import type { Conductor } from "@kilonova/contracts";
import { patientCall } from "@kilonova/core";
import { messageOf, type RequestContext, type RpcClient } from "@kilonova/messaging";
import type { Clock, Logger } from "@kilonova/plugin-api";
import { isStale, Leaving, staleError } from "./stale.js";
import { TakenOperation } from "./taken-operation.js";

/** How often an operation's lease is renewed before it is over. */
const RENEWALS_PER_LEASE = 3;
/** How long a wake keeps asking for a conductor. The sweep wakes again, so that a cast need not wait for ever. Milliseconds. */
const TAKE_PATIENCE = 20_000;

export interface OperationRunnerWorld {
  readonly conductor: RpcClient<Conductor>;
  readonly clock: Clock;
  readonly host: string;
  readonly logger: Logger;
  /**
   * Does the work and tells the conductor how it ended. What it throws means that the end could not be told: the
   * operation stays as it is, and a conductor's sweep wakes it again when its lease is over.
   */
  readonly perform: (taken: TakenOperation) => Promise<void>;
}

/** An operation that was woken here: it is being taken, or it runs. */
class Entry {
  taken: TakenOperation | undefined;
  /** Woken again meanwhile: look again when it has ended. */
  again = false;
  end: () => void = () => {};
  readonly ended = new Promise<void>((resolve) => {
    this.end = resolve;
  });
}

/**
 * Takes operations and works on them beside the message loop: a wake resolves as soon as the operation is taken, so
 * that the cast is acknowledged. While one runs its lease is renewed; it stops when it turns out to be another's, and when
 * a newer operation for the same server is taken here.
 */
export class OperationRunner {
  /** One per life of a process: who takes an operation is known by it. */
  readonly owner = randomUUID();
  readonly #entries = new Map<string, Entry>();
  readonly #left = new AbortController();
  readonly #watches = new Set<Set<string>>();
  #isLeaving = false;

  constructor(private readonly world: OperationRunnerWorld) {}

  /**
   * Resolves when the operation is taken, or is not this host's to do. One that could not be taken is woken again by a
   * conductor's sweep.
   */
  async wake(context: RequestContext, operationId: string): Promise<void> {
    const known = this.#entries.get(operationId);
    if (known) {
      known.again = true;
      return;
    }
    if (this.#isLeaving) return;
    const entry = new Entry();
    this.#entries.set(operationId, entry);
    entry.taken = await this.#take(context, operationId);
    if (!entry.taken) return this.#close(operationId, entry);
    for (const watch of this.#watches) watch.add(entry.taken.server.id);
    if (this.#isLeaving) entry.taken.abort(new Leaving());
    this.#overtake(entry.taken);
    void this.#run(entry.taken, entry);
  }

  /** The operation with that id, which is running here. */
  running(operationId: string): TakenOperation | undefined {
    return this.#entries.get(operationId)?.taken;
  }

  /** True while something is being done here to that server. */
  isBusy(serverId: string): boolean {
    for (const { taken } of this.#entries.values()) if (taken?.server.id === serverId) return true;
    return false;
  }

  /** Work that is told of the servers for which operations are taken here while it goes on: what it knew of them is old. */
  async watching<Value>(work: (taken: ReadonlySet<string>) => Promise<Value>): Promise<Value> {
    const watch = new Set<string>();
    this.#watches.add(watch);
    try {
      return await work(watch);
    } finally {
      this.#watches.delete(watch);
    }
  }

  /** Takes nothing new, lets what runs end until the signal aborts, then leaves the rest as it is. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#isLeaving = true;
    const leave = () => {
      this.#left.abort(new Leaving());
      for (const { taken } of this.#entries.values()) taken?.abort(new Leaving());
    };
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    while (this.#entries.size > 0) await Promise.all([...this.#entries.values()].map(({ ended }) => ended));
    signal.removeEventListener("abort", leave);
  }

  async #take(context: RequestContext, operationId: string): Promise<TakenOperation | undefined> {
    const { conductor, clock, host, logger } = this.world;
    const asking = context.withSignal(this.#left.signal);
    const args = { operationId, host, owner: this.owner };
    const take = () => conductor.call.takeOperation(asking, args);
    try {
      const outcome = await patientCall(clock, asking.signal, take, TAKE_PATIENCE);
      return outcome.ok ? new TakenOperation(this.world, outcome.value) : undefined;
    } catch (error) {
      logger.warn({ operationId, error: messageOf(error) }, "an operation could not be taken; it will be woken again");
      return undefined;
    }
  }

  #close(operationId: string, entry: Entry): void {
    this.#entries.delete(operationId);
    entry.end();
  }

  /** Whatever runs here for the same server under an older fence has lost it. */
  #overtake(newer: TakenOperation): void {
    for (const { taken } of this.#entries.values()) {
      const isOlder = taken && taken.server.id === newer.server.id && taken.operation.fence < newer.operation.fence;
      if (isOlder) taken.abort(staleError(taken.id));
    }
  }

  async #run(taken: TakenOperation, entry: Entry): Promise<void> {
    const ended = new AbortController();
    const renewing = this.#renew(taken, ended.signal);
    try {
      await this.world.perform(taken);
    } catch (error) {
      this.#report(taken, error);
    } finally {
      ended.abort();
      await renewing;
      this.#close(taken.id, entry);
    }
    if (entry.again) await this.wake(taken.undoing, taken.id);
  }

  #report(taken: TakenOperation, error: unknown): void {
    const { logger } = this.world;
    const { id, action, serverId, requestId } = taken.operation;
    const fields = { operationId: id, action, serverId, requestId };
    if (isStale(error)) logger.info(fields, "the operation has a newer owner");
    else if (taken.signal.reason instanceof Leaving) logger.info(fields, "the operation is left for the next start");
    else
      logger.error({ ...fields, error: messageOf(error) }, "an operation could not be ended; it will be tried again");
  }

  /** A conductor that is away for a while is no reason to stop: nobody else gets the operation without one. */
  async #renew(taken: TakenOperation, ended: AbortSignal): Promise<void> {
    const { clock, logger } = this.world;
    while (!ended.aborted) {
      try {
        await clock.sleep(taken.lease / RENEWALS_PER_LEASE, ended);
        await taken.renew();
      } catch (error) {
        if (ended.aborted || isStale(error)) return;
        logger.warn(
          { operationId: taken.id, error: messageOf(error) },
          "the lease of an operation could not be renewed",
        );
      }
    }
  }
}
