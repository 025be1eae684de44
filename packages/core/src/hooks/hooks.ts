import { KilonovaError, type RequestContext } from "@kilonova/messaging";
import type { HookEntry, Logger } from "@kilonova/plugin-api";
import { EnteredHook, type HookCount, type HookFactory, type HookForecast } from "./entered-hook.js";
import { type HookPoint, HookPoints } from "./hook-points.js";
import { HookRound } from "./hook-round.js";

/** What a hook did at a point. */
export interface HookCountAtPoint extends HookCount {
  readonly point: string;
  readonly hook: string;
}

/** What all hooks of a point did; `longest` is that of the one step that took longest. */
export interface HookSummary extends HookCount {
  readonly point: string;
  /** In the order they run. */
  readonly hooks: readonly string[];
}

/**
 * Who runs at which hook point. Filled before services start; a point that nobody entered costs nothing, for it is not
 * woven at all.
 */
export class Hooks {
  readonly #entries = new Map<string, readonly EnteredHook[]>();
  readonly #bare = new Set<string>();

  /** @param known the points that this process knows of */
  constructor(
    private readonly logger: Logger,
    readonly known: HookPoints = new HookPoints(),
  ) {}

  /**
   * Enters a hook at a point. Of two of one order, the one that entered first comes first.
   *
   * @param forecast what is known of it before it is made; unless given, it is made for whatever step comes first
   * @throws KilonovaError `internal` where an object with the point is made already, and has no hooks there
   */
  enter(name: string, entry: HookEntry, make: HookFactory, forecast?: HookForecast): void {
    const { point } = entry;
    if (this.#bare.has(point)) {
      const words = `Hook ${name} enters ${point} too late: an object that has the point is made already, and nothing would run there. Enter hooks before services are started.`;
      throw new KilonovaError("internal", words);
    }
    const entered = [...this.at(point), new EnteredHook(name, entry, make, this.logger, forecast)];
    entered.sort((one, other) => one.order - other.order);
    this.#entries.set(point, entered);
  }

  /**
   * Called by who weaves a point: true where its hooks are to be put round the method. Where there are none, none can
   * enter any more.
   *
   * @throws KilonovaError `object.*` for one that cannot be made here, unless it is open
   */
  settle(point: string): boolean {
    const hooks = this.at(point);
    for (const hook of hooks) hook.check();
    if (hooks.length === 0) this.#bare.add(point);
    return hooks.length > 0;
  }

  /** The hooks of a point in the order they run. */
  at(point: string): readonly EnteredHook[] {
    return this.#entries.get(point) ?? [];
  }

  /** All points that somebody entered. */
  points(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /**
   * Runs a method with the hooks of its point round it.
   *
   * @throws KilonovaError `hook.vetoed` with the hook's words; `hook.failed` where one failed that is closed
   */
  async run<Value>(
    point: HookPoint,
    context: RequestContext,
    payload: unknown,
    method: (payload: unknown) => Promise<Value>,
  ): Promise<Value> {
    const round = new HookRound(point, context, payload);
    let result: Value;
    try {
      result = await method(await round.begin(this.at(point.name)));
    } catch (failure) {
      await round.fail(failure);
      throw failure;
    }
    await round.end(result);
    return result;
  }

  /** What each hook did since the process began, by point and order. */
  counts(): readonly HookCountAtPoint[] {
    return [...this.#entries].flatMap(([point, hooks]) =>
      hooks.map(({ name, count }) => ({ point, hook: name, ...count })),
    );
  }

  /** The points at which something ran, or should have. */
  summary(): readonly HookSummary[] {
    return this.points()
      .map((point) => summaryOf(point, this.at(point)))
      .filter(({ runs, failures }) => runs + failures > 0);
  }

  /** Writes the summary to the log, a line for each point. */
  logSummary(): void {
    for (const summary of this.summary()) this.logger.info({ ...summary }, "what hooks did since the process began");
  }

  /**
   * Warns of entries at points that there are not. One of a subject that nothing here has is no mistake, but that of a
   * service which runs elsewhere: it is said at debug. Called when all services of the process are there.
   */
  warnOfUnknownPoints(): void {
    for (const [point, hooks] of this.#entries) {
      const problem = this.known.problemOf(point);
      if (problem === undefined) continue;
      const level = this.known.mayBeElsewhere(point) ? "debug" : "warn";
      for (const { name } of hooks) this.logger[level]({ hook: name, point }, `hook ${name}: ${problem}`);
    }
  }
}

function summaryOf(point: string, hooks: readonly EnteredHook[]): HookSummary {
  const counts = hooks.map(({ count }) => count);
  const sum = (name: keyof HookCount) => counts.reduce((total, count) => total + count[name], 0);
  return {
    point,
    hooks: hooks.map(({ name }) => name),
    runs: sum("runs"),
    vetoes: sum("vetoes"),
    failures: sum("failures"),
    timeouts: sum("timeouts"),
    time: rounded(sum("time")),
    longest: rounded(Math.max(...counts.map(({ longest }) => longest))),
  };
}

/** Microseconds are as exact as a log needs. */
function rounded(time: number): number {
  return Math.round(time * 1_000) / 1_000;
}
