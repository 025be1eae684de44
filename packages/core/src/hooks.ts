import { type Duration, milliseconds } from "@kilonova/config";
import { isKilonovaError, KilonovaError, messageOf, type RequestContext } from "@kilonova/messaging";
import type { Hook, HookEntry, HookEvent, Logger, PreAnswer } from "@kilonova/plugin-api";

const DEFAULT_ORDER = 100;
const DEFAULT_TIME_LIMIT: Duration = "5s";

/** Makes the hook at its first call. */
export type HookFactory = () => Promise<Hook>;

/** How often a hook ran, and how long that took in all. */
export interface HookCount {
  readonly runs: number;
  readonly failures: number;
  /** Milliseconds */
  readonly time: number;
}

/**
 * Who runs at which hook point. Filled before services start; a point that nobody entered costs nothing, for it is not
 * woven at all.
 */
export class Hooks {
  readonly #entries = new Map<string, EnteredHook[]>();

  constructor(private readonly logger: Logger) {}

  /** Enters a hook at a point. */
  enter(name: string, entry: HookEntry, make: HookFactory): void {
    const entered = [...(this.#entries.get(entry.point) ?? []), new EnteredHook(name, entry, make, this.logger)];
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
   * @param amendable the properties of the payload that a `pre` may change
   * @throws KilonovaError `hook.vetoed` with the hook's words; `hook.failed` where one failed that is closed
   */
  async run<Value>(
    point: HookPoint,
    context: RequestContext,
    payload: unknown,
    method: (payload: unknown) => Promise<Value>,
  ): Promise<Value> {
    const entered = this.at(point.name);
    let event = eventOf(point, context, payload);
    for (const hook of entered) event = amended(point, event, hook, await hook.pre(event));
    const after = entered.toReversed();
    let result: Value;
    try {
      result = await method(event.payload);
    } catch (failure) {
      for (const hook of after) await hook.error(event, failure);
      throw failure;
    }
    for (const hook of after) await hook.post(event, result);
    return result;
  }
}

/** A point as its method declares it. */
export interface HookPoint {
  readonly name: string;
  readonly version: string;
  readonly amendable: readonly string[];
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
    return this.#guarded("closed", event, (hook) => hook.pre?.(event));
  }

  async post(event: HookEvent, result: unknown): Promise<void> {
    await this.#guarded("open", event, (hook) => hook.post?.(event, result));
  }

  async error(event: HookEvent, failure: unknown): Promise<void> {
    await this.#guarded("open", event, (hook) => hook.error?.(event, failure));
  }

  async #guarded<Answer>(
    policy: "open" | "closed",
    event: HookEvent,
    run: (hook: Hook) => Promise<Answer> | Answer,
  ): Promise<Answer | undefined> {
    const start = performance.now();
    this.#count.runs += 1;
    try {
      this.#made ??= this.make();
      return await limited(this.#made.then(run), this.#timeLimit);
    } catch (cause) {
      this.#count.failures += 1;
      return this.#failed(this.entry.failure ?? policy, event, cause);
    } finally {
      this.#count.time += performance.now() - start;
    }
  }

  #failed(policy: "open" | "closed", event: HookEvent, cause: unknown): undefined {
    const { requestId } = event.context;
    if (policy === "open") {
      this.logger.warn({ hook: this.name, point: event.point, requestId, error: messageOf(cause) }, "a hook failed");
      return undefined;
    }
    if (isKilonovaError(cause, "hook.vetoed")) throw cause;
    throw new KilonovaError("hook.failed", `Hook ${this.name} at ${event.point} failed: ${messageOf(cause)}`, { cause });
  }
}

function eventOf({ name, version }: HookPoint, context: RequestContext, payload: unknown): HookEvent {
  return Object.freeze({ point: name, version, context, payload });
}

function amended(point: HookPoint, event: HookEvent, hook: EnteredHook, answer: PreAnswer): HookEvent {
  if (!answer) return event;
  if ("veto" in answer) throw new KilonovaError("hook.vetoed", answer.veto, { details: { hook: hook.name, point: point.name } });
  const offending = Object.keys(answer.amend).filter((property) => !point.amendable.includes(property));
  if (offending.length > 0) {
    const may = point.amendable.join(", ") || "nothing";
    throw new KilonovaError("hook.failed", `Hook ${hook.name} amends ${offending.join(", ")} at ${point.name}, where ${may} may be amended.`);
  }
  return eventOf(point, event.context, { ...(event.payload as object), ...answer.amend });
}

async function limited<Value>(work: Promise<Value>, limit: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took more than ${limit} ms`)), limit);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
