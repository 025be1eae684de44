import { type Duration, milliseconds } from "@kilonova/config";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import type { Hook, HookEntry, HookEvent, Logger } from "@kilonova/plugin-api";
import { HOOK_STEPS } from "../container/object-kind.js";
import { TimeLimitError, withinTime } from "../time/within-time.js";
import type { HookStep } from "./hook-steps.js";

export const DEFAULT_HOOK_ORDER = 100;
export const DEFAULT_HOOK_TIME_LIMIT: Duration = "5s";

/** Makes the hook at its first call. */
export type HookFactory = () => Promise<Hook>;

/** What is known of a hook before it is made. */
export interface HookForecast {
  /** Those that it may have: nothing is made for another. */
  readonly steps: ReadonlySet<HookStep>;
  /** @throws KilonovaError where it cannot be made here, as far as that can be told */
  readonly check: () => void;
}

const UNKNOWN: HookForecast = { steps: new Set(HOOK_STEPS), check: () => {} };

/** How often a hook ran at its point, and how long that took. A `pre` and its `post` are two runs. */
export interface HookCount {
  readonly runs: number;
  readonly vetoes: number;
  /** Of all kinds, those by time limit included. */
  readonly failures: number;
  readonly timeouts: number;
  /** Milliseconds in all. */
  readonly time: number;
  /** Milliseconds of the longest step. */
  readonly longest: number;
}

/** What came of a `pre`: the hook is in, it failed and the operation goes on without it, or it vetoes in these words. */
export type PreOutcome = "in" | "out" | { readonly veto: string };

/** Changes the payload. @throws where it may not be changed so, in words that begin behind the hook's name */
export type Amend = (amendment: Readonly<Record<string, unknown>>) => void;

type Policy = NonNullable<HookEntry["failure"]>;

const NOTHING = Symbol("nothing");

/** A hook at a point, within its limits: counted, timed, and failing as its entry says. */
export class EnteredHook {
  readonly order: number;
  readonly #timeLimit: number;
  #making: Promise<Hook> | undefined;
  #made: Hook | undefined;
  #count = { runs: 0, vetoes: 0, failures: 0, timeouts: 0, time: 0, longest: 0 };

  constructor(
    readonly name: string,
    readonly entry: HookEntry,
    private readonly make: HookFactory,
    private readonly logger: Logger,
    private readonly forecast: HookForecast = UNKNOWN,
  ) {
    this.order = entry.order ?? DEFAULT_HOOK_ORDER;
    this.#timeLimit = milliseconds(entry.timeLimit ?? DEFAULT_HOOK_TIME_LIMIT);
  }

  get count(): HookCount {
    return { ...this.#count };
  }

  /**
   * Sees, before the first call, that it can be made as far as that can be told; one that is open is warned of.
   *
   * @throws KilonovaError `object.*`
   */
  check(): void {
    try {
      this.forecast.check();
    } catch (error) {
      if (this.entry.failure !== "open") throw error;
      this.logger.warn({ hook: this.name, point: this.entry.point, error: messageOf(error) }, "a hook cannot be made");
    }
  }

  /** @throws KilonovaError `hook.failed` where it is closed */
  async pre(event: HookEvent, amend: Amend): Promise<PreOutcome> {
    const outcome = await this.#guarded("pre", event, this.entry.failure ?? "closed", async () => {
      const answer = readAnswer(await this.#step("pre", (hook) => hook.pre?.(event)));
      if (answer && "amend" in answer) amend(answer.amend);
      return answer && "veto" in answer ? answer : "in";
    });
    if (outcome === NOTHING) return "out";
    if (outcome !== "in") this.#count.vetoes += 1;
    return outcome;
  }

  /** @throws KilonovaError `hook.failed` where it is closed */
  async post(event: HookEvent, result: unknown): Promise<void> {
    await this.#guarded("post", event, this.entry.failure ?? "open", () =>
      this.#step("post", (hook) => hook.post?.(event, result)),
    );
  }

  /** Never fails: the operation has failed already, and its own failure is what the caller is told. */
  async error(event: HookEvent, failure: unknown): Promise<void> {
    await this.#guarded("error", event, "open", () => this.#step("error", (hook) => hook.error?.(event, failure)));
  }

  async #guarded<Value>(
    step: HookStep,
    event: HookEvent,
    policy: Policy,
    work: () => Promise<Value>,
  ): Promise<Value | typeof NOTHING> {
    try {
      return await work();
    } catch (cause) {
      this.#count.failures += 1;
      if (cause instanceof TimeLimitError) this.#count.timeouts += 1;
      const words = messageOf(cause);
      if (policy === "closed") {
        throw new KilonovaError("hook.failed", `Hook ${this.name} at ${event.point} failed: ${words}`, { cause });
      }
      const { requestId } = event.context;
      this.logger.warn({ hook: this.name, point: event.point, step, requestId, error: words }, "a hook failed");
      return NOTHING;
    }
  }

  /** One step in its time, making the hook included; undefined at once where it has no such step. */
  async #step(step: HookStep, call: (hook: Hook) => unknown): Promise<unknown> {
    if (this.#made ? !this.#made[step] : !this.forecast.steps.has(step)) return undefined;
    const start = performance.now();
    try {
      const limit = this.#timeLimit;
      return await withinTime(this.#run(step, call), limit, `it took more than ${limit} ms`);
    } finally {
      const time = performance.now() - start;
      this.#count.time += time;
      this.#count.longest = Math.max(this.#count.longest, time);
    }
  }

  async #run(step: HookStep, call: (hook: Hook) => unknown): Promise<unknown> {
    const hook = this.#made ?? (await this.#hook());
    if (!hook[step]) return undefined;
    this.#count.runs += 1;
    return call(hook);
  }

  /** Made at the first call; one that could not be made is tried again at the next. */
  async #hook(): Promise<Hook> {
    this.#making ??= this.make().finally(() => {
      this.#making = undefined;
    });
    this.#made = await this.#making;
    return this.#made;
  }
}

type Answer = { readonly veto: string } | { readonly amend: Readonly<Record<string, unknown>> };

/** A hook may be of any language that compiles to this one, or of none: what it answers is looked at. */
function readAnswer(answer: unknown): Answer | undefined {
  if (answer === undefined) return undefined;
  if (typeof answer === "object" && answer !== null) {
    const { veto, amend } = answer as { readonly veto?: unknown; readonly amend?: unknown };
    if (typeof veto === "string" && veto.trim() !== "") return { veto };
    if (veto === undefined && isRecord(amend)) return { amend };
  }
  throw new Error(`expected nothing, { veto: words } or { amend: changes } of its pre, received ${shown(answer)}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? typeof value;
  return `an object with ${Object.keys(value).join(", ") || "nothing"}`;
}
