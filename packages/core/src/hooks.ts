import { type Duration, milliseconds } from "@kilonova/config";
import { isKilonovaError, KilonovaError, messageOf, type RequestContext } from "@kilonova/messaging";
import type { Hook, HookEntry, HookEvent, Logger, PreAnswer } from "@kilonova/plugin-api";
import type { z } from "zod";
import { frozenCopy } from "./frozen-copy.js";
import { withinTime } from "./within-time.js";

const DEFAULT_ORDER = 100;
const DEFAULT_TIME_LIMIT: Duration = "5s";

/** Makes the hook at its first call. */
export type HookFactory = () => Promise<Hook>;

/** How often a hook ran, and how long that took in all. A `pre` and its `post` are two runs. */
export interface HookCount {
  readonly runs: number;
  readonly failures: number;
  /** Milliseconds */
  readonly time: number;
}

/** A point as its method declares it. */
export interface HookPoint {
  readonly name: string;
  readonly version: string;
  /** Properties of the payload that a `pre` may change. */
  readonly amendable: readonly string[];
  readonly payload?: z.ZodObject;
}

/**
 * Who runs at which hook point. Filled before services start; a point that nobody entered costs nothing, for it is not
 * woven at all.
 */
export class Hooks {
  readonly #entries = new Map<string, readonly EnteredHook[]>();

  constructor(private readonly logger: Logger) {}

  /** Enters a hook at a point. */
  enter(name: string, entry: HookEntry, make: HookFactory): void {
    const entered = [...this.at(entry.point), new EnteredHook(name, entry, make, this.logger)];
    entered.sort((one, other) => one.order - other.order);
    this.#entries.set(entry.point, entered);
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
    const round = new Round(point, context, payload);
    let result: Value;
    try {
      for (const hook of this.at(point.name)) await round.enter(hook);
      result = await method(round.payload);
    } catch (failure) {
      for (const hook of round.entered.toReversed()) await hook.error(round.event, failure);
      throw failure;
    }
    for (const hook of round.entered.toReversed()) await hook.post(round.event, result);
    return result;
  }
}

/** One call through the hooks of a point. */
class Round {
  readonly entered: EnteredHook[] = [];
  #event: HookEvent;

  constructor(
    private readonly point: HookPoint,
    private readonly context: RequestContext,
    public payload: unknown,
  ) {
    this.#event = this.#shown();
  }

  get event(): HookEvent {
    return this.#event;
  }

  async enter(hook: EnteredHook): Promise<void> {
    const answer = await hook.pre(this.event);
    if (answer && "veto" in answer) {
      const details = { hook: hook.name, point: this.point.name };
      throw new KilonovaError("hook.vetoed", answer.veto, { details });
    }
    if (answer) this.#amend(hook, answer.amend);
    this.entered.push(hook);
  }

  #amend(hook: EnteredHook, amendment: Readonly<Record<string, unknown>>): void {
    const { name, amendable, payload: schema } = this.point;
    const offending = Object.keys(amendment).filter((property) => !amendable.includes(property));
    if (offending.length > 0) {
      const may = amendable.join(", ") || "nothing";
      throw refusedAmendment(hook, `amends ${offending.join(", ")} at ${name}, where ${may} may be amended`);
    }
    if (Array.isArray(this.payload)) throw refusedAmendment(hook, `amends ${name}, whose payload is a list`);
    const amended = { ...(this.payload as object | undefined), ...amendment };
    const problem = schema?.safeParse(amended).error?.issues[0];
    if (problem)
      throw refusedAmendment(
        hook,
        `amends ${problem.path.join(".")} at ${name} so that it is wrong: ${problem.message}`,
      );
    this.payload = amended;
    this.#event = this.#shown();
  }

  #shown(): HookEvent {
    const { name, version } = this.point;
    return Object.freeze({ point: name, version, context: this.context, payload: frozenCopy(this.payload) });
  }
}

function refusedAmendment(hook: EnteredHook, words: string): KilonovaError {
  return new KilonovaError("hook.failed", `Hook ${hook.name} ${words}.`);
}

/** A hook at a point, with its limits. */
export class EnteredHook {
  readonly order: number;
  readonly #timeLimit: number;
  #made: Promise<Hook> | undefined;
  #count = { runs: 0, failures: 0, time: 0 };

  constructor(
    readonly name: string,
    readonly entry: HookEntry,
    private readonly make: HookFactory,
    private readonly logger: Logger,
  ) {
    this.order = entry.order ?? DEFAULT_ORDER;
    this.#timeLimit = milliseconds(entry.timeLimit ?? DEFAULT_TIME_LIMIT);
  }

  get count(): HookCount {
    return { ...this.#count };
  }

  async pre(event: HookEvent): Promise<PreAnswer> {
    return this.#guarded("closed", event, (hook) => hook.pre && (() => hook.pre?.(event)));
  }

  async post(event: HookEvent, result: unknown): Promise<void> {
    await this.#guarded("open", event, (hook) => hook.post && (() => hook.post?.(event, result)));
  }

  async error(event: HookEvent, failure: unknown): Promise<void> {
    try {
      await this.#guarded("open", event, (hook) => hook.error && (() => hook.error?.(event, failure)));
    } catch (error) {
      // The operation has failed already, and its own failure is what the caller is told.
      this.logger.warn({ hook: this.name, point: event.point, error: messageOf(error) }, "a hook failed");
    }
  }

  async #guarded<Answer>(
    policy: "open" | "closed",
    event: HookEvent,
    step: (hook: Hook) => (() => Promise<Answer> | Answer) | undefined,
  ): Promise<Answer | undefined> {
    const start = performance.now();
    try {
      return await withinTime(this.#run(step), this.#timeLimit, `it took more than ${this.#timeLimit} ms`);
    } catch (cause) {
      this.#count.failures += 1;
      return this.#failed(this.entry.failure ?? policy, event, cause);
    } finally {
      this.#count.time += performance.now() - start;
    }
  }

  async #run<Answer>(step: (hook: Hook) => (() => Promise<Answer> | Answer) | undefined): Promise<Answer | undefined> {
    const run = step(await this.#hook());
    if (!run) return undefined;
    this.#count.runs += 1;
    return run();
  }

  /** Made at the first call; one that could not be made is tried again at the next. */
  #hook(): Promise<Hook> {
    this.#made ??= this.make().catch((error) => {
      this.#made = undefined;
      throw error;
    });
    return this.#made;
  }

  #failed(policy: "open" | "closed", event: HookEvent, cause: unknown): undefined {
    const { requestId } = event.context;
    if (policy === "open") {
      this.logger.warn({ hook: this.name, point: event.point, requestId, error: messageOf(cause) }, "a hook failed");
      return undefined;
    }
    if (isKilonovaError(cause, "hook.vetoed")) throw cause;
    throw new KilonovaError("hook.failed", `Hook ${this.name} at ${event.point} failed: ${messageOf(cause)}`, {
      cause,
    });
  }
}
