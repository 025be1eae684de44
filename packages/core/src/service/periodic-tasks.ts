import { messageOf, RequestContext } from "@kilonova/messaging";
import { type Constructor, type DueTasks, type Manager, periodicTasksOf } from "@kilonova/plugin-api";
import { PeriodicTask, type PeriodicWorld, type TaskCount } from "./periodic-task.js";

/** The shortest wait between two rounds, whatever a manager asks for. Milliseconds. */
const SHORTEST_WAIT = 10;
/** The wait after a round that failed; twice as long after each further one. Milliseconds. */
const FIRST_RETRY = 1_000;

/**
 * The periodic tasks of a manager, in one loop: each round asks its `periodicTasks` to start what is due, and the next
 * comes when a task is due again, when the manager asked for it, or after the interval. Tasks run each by itself, none
 * overlaps itself or keeps another waiting. No failure ends the loop, the manager's own in `periodicTasks` neither.
 */
export class PeriodicTasks implements DueTasks {
  readonly #tasks: readonly PeriodicTask[];
  #isEnding = false;
  #looping: Promise<void> = Promise.resolve();
  #asking = new AbortController();
  #sleeping = new AbortController();
  #wakeAt = 0;
  #failedRounds = 0;

  /** @throws KilonovaError `contract.invalid` where a task's interval is no duration; ConfigurationError */
  constructor(
    private readonly manager: Pick<Manager, "periodicTasks">,
    private readonly world: PeriodicWorld,
  ) {
    const type = manager.constructor as Constructor;
    this.#tasks = periodicTasksOf(type)
      .map((mark) => new PeriodicTask(manager, mark, world, (due) => this.#wakeBy(due)))
      .filter((task) => task.every > 0);
  }

  start(): void {
    for (const task of this.#tasks) task.settle();
    this.#looping = this.#loop();
  }

  /** Tells what runs by its signal, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    this.#asking.abort();
    this.#sleeping.abort();
    await Promise.all([this.#looping, ...this.#tasks.map((task) => task.stop())]);
  }

  run(context: RequestContext): number {
    if (!this.#isEnding && !context.signal.aborted) for (const task of this.#tasks) task.startIfDue();
    const now = this.world.clock.now();
    return this.#tasks.reduce((wait, task) => Math.min(wait, task.due - now), this.world.interval);
  }

  counts(): ReadonlyMap<string, TaskCount> {
    return new Map(this.#tasks.map((task) => [task.name, task.count()]));
  }

  /** The names of the tasks that run now. */
  running(): readonly string[] {
    return this.#tasks.filter((task) => task.isRunning).map(({ name }) => name);
  }

  async #loop(): Promise<void> {
    while (!this.#isEnding) {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      const wait = await this.#round();
      this.#wakeBy(this.world.clock.now() + wait);
      await this.#sleepUntilWoken();
    }
  }

  /** @returns milliseconds until the next */
  async #round(): Promise<number> {
    const { interval, logger } = this.world;
    try {
      const answer = await this.#ask();
      this.#failedRounds = 0;
      return Number.isFinite(answer) ? Math.min(Math.max(answer, SHORTEST_WAIT), interval) : interval;
    } catch (error) {
      if (!this.#isEnding)
        logger.error({ manager: this.manager.constructor.name, error: messageOf(error) }, "periodicTasks failed");
      this.#failedRounds += 1;
      return Math.min(FIRST_RETRY * 2 ** (this.#failedRounds - 1), interval);
    }
  }

  /** A manager whose `periodicTasks` never settles is asked again: its tasks shall not stand still. */
  async #ask(): Promise<number> {
    const { clock, interval } = this.world;
    const asking = new AbortController();
    this.#asking = asking;
    const late = clock.sleep(interval, asking.signal).then(() => {
      throw new Error(`it has not settled for ${interval} ms`);
    });
    const answer = (async () => this.manager.periodicTasks(RequestContext.admin().withSignal(asking.signal), this))();
    try {
      return await Promise.race([answer, late]);
    } finally {
      asking.abort();
    }
  }

  #wakeBy(instant: number): void {
    if (instant >= this.#wakeAt) return;
    this.#wakeAt = instant;
    this.#sleeping.abort();
  }

  async #sleepUntilWoken(): Promise<void> {
    const { clock } = this.world;
    for (let hasSlept = false; !this.#isEnding && !hasSlept && clock.now() < this.#wakeAt; ) {
      this.#sleeping = new AbortController();
      // Once slept to its end it is over, whatever the clock says, which may have been set back meanwhile.
      hasSlept = await clock.sleep(this.#wakeAt - clock.now(), this.#sleeping.signal).then(
        () => true,
        () => false,
      );
    }
  }
}
