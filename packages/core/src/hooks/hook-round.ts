import { KilonovaError, type RequestContext } from "@kilonova/messaging";
import type { HookEvent } from "@kilonova/plugin-api";
import type { EnteredHook } from "./entered-hook.js";
import { frozenCopy } from "./frozen-copy.js";
import type { HookPoint } from "./hook-points.js";

/** One call through the hooks of a point. */
export class HookRound {
  readonly #entered: EnteredHook[] = [];
  #event: HookEvent;

  /** @throws KilonovaError `hook.failed` where the payload is not what the point declares */
  constructor(
    private readonly point: HookPoint,
    private readonly context: RequestContext,
    private payload: unknown,
  ) {
    this.#event = this.#shown();
  }

  /**
   * Runs the `pre` of all.
   *
   * @returns the payload as they amended it
   * @throws KilonovaError `hook.vetoed`, `hook.failed`
   */
  async begin(hooks: readonly EnteredHook[]): Promise<unknown> {
    for (const hook of hooks) {
      const outcome = await hook.pre(this.#event, (amendment) => this.#amend(amendment));
      if (outcome === "in") this.#entered.push(hook);
      if (typeof outcome === "string") continue;
      const details = { hook: hook.name, point: this.point.name };
      throw new KilonovaError("hook.vetoed", outcome.veto, { details });
    }
    return this.payload;
  }

  /**
   * Tells all that are in what the method answered; a hook that fails keeps it from no other.
   *
   * @throws KilonovaError `hook.failed`, the first where several failed that are closed
   */
  async end(result: unknown): Promise<void> {
    const shown = this.#shownResult(result);
    const failures: unknown[] = [];
    for (const hook of this.#entered.toReversed()) {
      await hook.post(this.#event, shown).catch((failure) => failures.push(failure));
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Tells all that are in that the method was not run, or failed. */
  async fail(failure: unknown): Promise<void> {
    for (const hook of this.#entered.toReversed()) await hook.error(this.#event, failure);
  }

  #amend(amendment: Readonly<Record<string, unknown>>): void {
    const { name, amendable, payload: schema } = this.point;
    const properties = Object.keys(amendment);
    const offending = properties.filter((property) => !amendable.includes(property));
    if (offending.length > 0) {
      const may = amendable.join(", ") || "nothing";
      throw new Error(`it amends ${offending.join(", ")}, where ${may} may be amended`);
    }
    if (Array.isArray(this.payload)) throw new Error(`it amends ${name}, whose payload is a list`);
    const amended: Record<string, unknown> = { ...(this.payload as object | undefined), ...amendment };
    const checked = schema?.safeParse(amended);
    const problem = checked?.error?.issues[0];
    if (problem) throw new Error(`it amends ${problem.path.join(".")} so that it is wrong: ${problem.message}`);
    // What goes on is the schema's own copy: nothing of it is the hook's any more.
    const clean = checked?.data ?? amended;
    this.payload = { ...amended, ...Object.fromEntries(properties.map((property) => [property, clean[property]])) };
    this.#event = this.#shown();
  }

  #shown(): HookEvent {
    const { name: point, version } = this.point;
    return Object.freeze({ point, version, context: this.context, payload: frozenCopy(this.#visible()) });
  }

  /** What the point's schema names. */
  #visible(): unknown {
    const { name, payload: schema } = this.point;
    if (!schema || Array.isArray(this.payload)) return this.payload;
    const { data, error } = schema.safeParse(this.payload);
    const problem = error?.issues[0];
    if (!problem) return data;
    throw new KilonovaError(
      "hook.failed",
      `What is passed at hook point ${name} is not what it declares, at ${problem.path.join(".") || "its root"}: ${problem.message}. Its hooks cannot run.`,
    );
  }

  /** The method has done its work: where its answer is not what the point declares, hooks get it as it is. */
  #shownResult(result: unknown): unknown {
    const { result: schema } = this.point;
    const { success = false, data } = schema?.safeParse(result) ?? {};
    return frozenCopy(success ? data : result);
  }
}
