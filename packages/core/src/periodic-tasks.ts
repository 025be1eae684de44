import { type Configuration, type Duration, milliseconds } from "@kilonova/config";
import { KilonovaError, messageOf, RequestContext } from "@kilonova/messaging";
import {
  type Clock,
  type Constructor,
  type Logger,
  type PeriodicTaskMark,
  periodicTasksOf,
} from "@kilonova/plugin-api";

/** How a task has fared. */
export interface TaskCount {
  readonly runs: number;
  readonly failures: number;
}

interface Task {
  readonly mark: PeriodicTaskMark;
  /** Milliseconds */
  readonly every: number;
  readonly run: (context: RequestContext) => Promise<void>;
  readonly count: { runs: number; failures: number };
}

/**
 * Runs the periodic tasks of an object, each in a loop of its own: a slow one keeps no other waiting, and none overlaps
 * itself. A failure is logged and counted, never the end of the loop.
 */
export class PeriodicTasks {
  readonly #tasks: readonly Task[];
  readonly #ending = new AbortController();
  #loops: readonly Promise<void>[] = [];

  constructor(
    object: object,
    configuration: Configuration,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.#tasks = periodicTasksOf(object.constructor as Constructor)
      .map((mark) => taskOf(object, mark, configuration))
      .filter((task) => task.every > 0);
  }

  start(): void {
    this.#loops = this.#tasks.map((task) => this.#loop(task));
  }

  /** Aborts what runs and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#loops);
  }

  counts(): ReadonlyMap<string, TaskCount> {
    return new Map(this.#tasks.map(({ mark, count }) => [mark.method, { ...count }]));
  }

  async #loop(task: Task): Promise<void> {
    if (!task.mark.spec.runImmediately && !(await this.#slept(task.every))) return;
    while (!this.#ending.signal.aborted) {
      await this.#run(task);
      if (!(await this.#slept(task.every))) return;
    }
  }

  async #run({ mark, run, count }: Task): Promise<void> {
    const { method, spec } = mark;
    const untimed = RequestContext.admin().withSignal(this.#ending.signal);
    const context = spec.timeLimit === undefined ? untimed : untimed.within(milliseconds(spec.timeLimit));
    const onAbort = () => {
      if (this.#ending.signal.aborted) return;
      this.logger.warn({ task: method, timeLimit: spec.timeLimit }, "a periodic task is over its time limit");
    };
    context.signal.addEventListener("abort", onAbort);
    count.runs += 1;
    try {
      await run(context);
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      count.failures += 1;
      this.logger.error({ task: method, error: messageOf(error) }, "a periodic task failed");
    } finally {
      context.signal.removeEventListener("abort", onAbort);
    }
  }

  /** False when it is over. */
  async #slept(time: number): Promise<boolean> {
    try {
      await this.clock.sleep(time, this.#ending.signal);
    } catch {
      return false;
    }
    return !this.#ending.signal.aborted;
  }
}

function taskOf(object: object, mark: PeriodicTaskMark, configuration: Configuration): Task {
  const methods = object as Record<string, (context: RequestContext) => Promise<void>>;
  const method = methods[mark.method];
  if (!method) throw new KilonovaError("contract.invalid", `${object.constructor.name} has no method ${mark.method}.`);
  return {
    mark,
    every: intervalOf(mark, configuration),
    run: (context) => method.call(object, context),
    count: { runs: 0, failures: 0 },
  };
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
