import { randomUUID } from "node:crypto";
import { type Configuration, type Duration, milliseconds } from "@kilonova/config";
import { KilonovaError, LONGEST_WAIT, messageOf, RequestContext } from "@kilonova/messaging";
import type { Clock, Logger, PeriodicTaskMark } from "@kilonova/plugin-api";
import { ClusterLease } from "../locks/cluster-lease.js";
import { underLease } from "../locks/cluster-lock.js";
import type { Locks } from "../locks/locks.js";

/** How long a run may take where its task does not say. */
const TIME_LIMIT: Duration = "10m";

/** What the periodic tasks of a service need of it. */
export interface PeriodicWorld {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asked for when a task that runs once in the cluster is due. */
  readonly locks: () => Locks;
  /** The service's topic: services with the same one share what runs once in the cluster. */
  readonly topic: string;
  /** The longest wait between two rounds, in milliseconds: `service.periodicInterval`. */
  readonly interval: number;
  /** From 0 to 1, for the jitter; `Math.random` unless given. */
  readonly random?: () => number;
}

/** How a task has fared. */
export interface TaskCount {
  readonly runs: number;
  readonly failures: number;
  /** Runs that were over their time limit. */
  readonly overdue: number;
  /** Times that another service of the cluster had it. */
  readonly leftToOthers: number;
  /** Milliseconds that runs took in all. */
  readonly time: number;
  /** When a run ended last, well or badly, by the clock; undefined before the first. */
  readonly lastEnd: number | undefined;
}

interface Run {
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/** One periodic task of a manager: when it is due, and its runs, of which there is never more than one. */
export class PeriodicTask {
  readonly name: string;
  /** Milliseconds from the end of one run to the start of the next; 0: never. */
  readonly every: number;
  readonly #jitter: number;
  readonly #timeLimit: number;
  readonly #holder = randomUUID();
  readonly #count = { runs: 0, failures: 0, overdue: 0, leftToOthers: 0, time: 0 };
  #lastEnd: number | undefined;
  #due = Number.POSITIVE_INFINITY;
  #run: Run | undefined;
  /** The fence under which the lock has been kept since the last run. */
  #fence: number | undefined;
  #isEnding = false;

  /** @param onDue told when it will be due, at the end of each run */
  constructor(
    private readonly manager: object,
    private readonly mark: PeriodicTaskMark,
    private readonly world: PeriodicWorld,
    private readonly onDue: (instant: number) => void,
  ) {
    const { spec, method } = mark;
    this.name = method;
    this.every = intervalOf(mark, world.configuration);
    this.#jitter = spec.jitter === undefined ? 0 : milliseconds(spec.jitter);
    this.#timeLimit = Math.min(milliseconds(spec.timeLimit ?? TIME_LIMIT), LONGEST_WAIT);
  }

  /** The instant at which it is to run next; infinite while it runs. */
  get due(): number {
    return this.#due;
  }

  get isRunning(): boolean {
    return this.#run !== undefined;
  }

  count(): TaskCount {
    return { ...this.#count, lastEnd: this.#lastEnd };
  }

  /** The service has started: its first run is due at once, or after one interval. */
  settle(): void {
    this.#due = this.world.clock.now() + (this.mark.spec.runImmediately ? 0 : this.#wait());
  }

  startIfDue(): void {
    if (this.#isEnding || this.#run || !this.#isDue()) return;
    this.#due = Number.POSITIVE_INFINITY;
    const controller = new AbortController();
    this.#run = { controller, ended: this.#runOnce(controller) };
  }

  /** Tells the run by its signal, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    this.#run?.controller.abort();
    await this.#run?.ended;
  }

  /** One that is further away than any wait is due too: the clock has been set back since. */
  #isDue(): boolean {
    const left = this.#due - this.world.clock.now();
    return left <= 0 || (left > this.every + this.#jitter && Number.isFinite(left));
  }

  #wait(): number {
    return this.every + this.#jitter * (this.world.random ?? Math.random)();
  }

  async #runOnce(controller: AbortController): Promise<void> {
    const over = new AbortController();
    const context = RequestContext.admin().withSignal(controller.signal);
    void this.#watch(controller, context, over.signal);
    try {
      await (this.mark.spec.once === "cluster" ? this.#workInCluster(controller, context) : this.#work(context));
    } catch (error) {
      if (!this.#isEnding) this.#fail(context, error);
    }
    over.abort();
    this.#run = undefined;
    this.#due = this.world.clock.now() + this.#wait();
    this.onDue(this.#due);
  }

  async #work(context: RequestContext): Promise<void> {
    const method = (this.manager as Record<string, unknown>)[this.name];
    if (typeof method !== "function") {
      throw new KilonovaError("contract.invalid", `${this.manager.constructor.name} has no method ${this.name}.`);
    }
    this.#count.runs += 1;
    const start = performance.now();
    try {
      await method.call(this.manager, context);
    } finally {
      this.#count.time += performance.now() - start;
      this.#lastEnd = this.world.clock.now();
    }
  }

  /** One service of the cluster has the lock from the start of a run to a whole interval after its end. */
  async #workInCluster(controller: AbortController, context: RequestContext): Promise<void> {
    const { locks, clock, topic } = this.world;
    const asked = { locks: locks(), clock, name: `periodic task ${topic}.${this.name}`, holder: this.#holder };
    const lease = await ClusterLease.tryAcquire(asked, this.#fence);
    this.#fence = lease?.fence;
    if (!lease) {
      this.#count.leftToOthers += 1;
      return;
    }
    // What ignores its time limit shall not keep the others in the cluster.
    const abandon = () => (this.#isEnding ? undefined : lease.abandon());
    controller.signal.addEventListener("abort", abandon);
    try {
      await underLease(lease, context, (held) => this.#work(held));
    } finally {
      controller.signal.removeEventListener("abort", abandon);
      await (this.#isEnding ? lease.end() : lease.keep(this.every));
    }
  }

  /** Names a run that is over its time limit, again each time that it has passed once more. */
  async #watch(run: AbortController, { requestId }: RequestContext, over: AbortSignal): Promise<void> {
    const { clock, logger } = this.world;
    for (let passed = this.#timeLimit; ; passed += this.#timeLimit) {
      try {
        await clock.sleep(this.#timeLimit, over);
      } catch {
        return;
      }
      if (passed === this.#timeLimit) this.#count.overdue += 1;
      const timeLimit = this.mark.spec.timeLimit ?? TIME_LIMIT;
      const fields = { task: this.name, manager: this.manager.constructor.name, requestId, timeLimit, passed };
      logger.warn(fields, "a periodic task is over its time limit");
      run.abort(new DOMException(`Periodic task ${this.name} is over its time limit.`, "TimeoutError"));
    }
  }

  #fail({ requestId }: RequestContext, error: unknown): void {
    this.#count.failures += 1;
    const fields = { task: this.name, manager: this.manager.constructor.name, requestId, error: messageOf(error) };
    this.world.logger.error(fields, "a periodic task failed");
  }
}

function intervalOf({ spec: { every }, method }: PeriodicTaskMark, configuration: Configuration): number {
  if (!every.startsWith("option:")) return milliseconds(every as Duration);
  const { value } = configuration.lookUp(every.slice("option:".length));
  if (typeof value === "number") return value;
  throw new KilonovaError(
    "contract.invalid",
    `Periodic task ${method} takes its interval from ${every}, which is no duration.`,
  );
}
