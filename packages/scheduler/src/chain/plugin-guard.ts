import { messageOf } from "@kilonova/messaging";
import type { Clock, Logger } from "@kilonova/plugin-api";

/** What a plugin may take, and what holds where it cannot be asked. */
export interface PluginRules {
  /** Milliseconds for one request, over all hosts. */
  readonly timeLimit: number;
  /** `pass`: a host that it could not be asked about passes, a weigher counts nothing; `fail`: it does not pass. */
  readonly policy: "pass" | "fail";
  /** After so many requests in a row that it was too slow for, or failed at altogether, it is not asked any more … */
  readonly breakAfter: number;
  /** … for so many milliseconds. */
  readonly breakFor: number;
}

/** What a plugin is called, what it is, and where it comes from. */
export interface PluginOrigin {
  readonly name: string;
  readonly kind: "request-filter" | "filter" | "weigher";
  readonly from: string;
  /** The options that it was made with, by group. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Milliseconds between two lines on the same plugin: one that fails does so for host after host. */
const QUIET = 60_000;
/** So many hosts are no odd ones. */
const MANY = 8;
/** How much the newest request counts in the time that a plugin takes of late. */
const NEWEST = 0.1;

/**
 * Watches over one plugin of a chain: its time, its failures, and whether it is asked at all. No request is lost by a
 * plugin that fails or dawdles, and the log names the culprit, once a minute with how often.
 */
export class PluginGuard {
  requests = 0;
  failures = 0;
  overruns = 0;
  /** Milliseconds a request, of late. */
  milliseconds = 0;
  #inARow = 0;
  #openUntil = Number.NEGATIVE_INFINITY;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly origin: PluginOrigin,
    readonly rules: PluginRules,
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {}

  /** Switched off for a while. */
  get isOpen(): boolean {
    return this.clock.now() < this.#openUntil;
  }

  /** One request's turn. @param hosts how many it is asked about */
  begin(hosts = 1): PluginTurn {
    return new PluginTurn(this, hosts);
  }

  /** @param host the host it failed at, where it was one */
  failed(failure: unknown, host?: string): void {
    this.failures++;
    this.#complain({ host, error: messageOf(failure) }, "fails");
  }

  overran(): void {
    this.overruns++;
    this.#complain({ timeLimit: this.rules.timeLimit }, "takes too long");
  }

  /**
   * What fails at some odd hosts goes on being asked: it is switched off where it was too slow, or failed at all of many.
   *
   * @param isWasted it was too slow, or failed at every host
   */
  ended(milliseconds: number, hosts: number, isWasted: boolean): void {
    this.requests++;
    this.milliseconds += (milliseconds - this.milliseconds) * (this.requests === 1 ? 1 : NEWEST);
    // That it is well for a few hosts says nothing of many.
    if (!isWasted && (hosts >= MANY || this.origin.kind === "request-filter")) this.#inARow = 0;
    if (isWasted) this.#inARow++;
    if (this.#inARow < this.rules.breakAfter) return;
    this.#inARow = 0;
    this.#openUntil = this.clock.now() + this.rules.breakFor;
    const { kind, name } = this.origin;
    this.logger.error({ [kind]: name, ...this.rules }, `the ${kind} ${name} is not asked for a while`);
  }

  #complain(fields: Readonly<Record<string, unknown>>, words: string): void {
    const now = this.clock.now();
    if (now - this.#loggedAt < QUIET) return;
    this.#loggedAt = now;
    const { kind, name, from } = this.origin;
    const counts = { failures: this.failures, overruns: this.overruns };
    this.logger.error({ [kind]: name, from, ...fields, ...counts }, `the ${kind} ${name} ${words}`);
  }
}

/** What one plugin does for one request. */
export class PluginTurn {
  #spent = 0;
  #answers = 0;
  #failures = 0;
  #isOver = false;

  constructor(
    readonly guard: PluginGuard,
    private readonly hosts: number,
  ) {}

  /** It has had its time: it is not asked any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Milliseconds it has taken so far. */
  get spent(): number {
    return this.#spent;
  }

  /**
   * What the plugin answers, on its time; undefined where it fails, which has been noted then.
   *
   * @param host the host it is asked about, where it is one
   */
  ask<Answer>(work: () => Answer, host?: string): Answer | undefined {
    const start = performance.now();
    try {
      const answer = work();
      this.#answers++;
      return answer;
    } catch (failure) {
      this.#failures++;
      this.guard.failed(failure, host);
      return undefined;
    } finally {
      this.#spend(performance.now() - start);
    }
  }

  /** What a plugin makes ready before it is asked, or why it cannot, which has been noted then. */
  prepare<Prepared>(work: () => Prepared): { readonly prepared: Prepared } | { readonly problem: string } {
    const start = performance.now();
    try {
      return { prepared: work() };
    } catch (failure) {
      this.#failures++;
      this.guard.failed(failure);
      return { problem: messageOf(failure) };
    } finally {
      this.#spend(performance.now() - start);
    }
  }

  /** The same for a try whose failure is no word yet: what it answers counts, that it fails or answers nothing does not. */
  attempt<Answer>(work: () => Answer | undefined): Answer | undefined {
    const start = performance.now();
    try {
      const answer = work();
      if (answer !== undefined) this.#answers++;
      return answer;
    } catch {
      return undefined;
    } finally {
      this.#spend(performance.now() - start);
    }
  }

  /** Once for each turn, when the request is through with the plugin. */
  end(): void {
    if (this.#answers + this.#failures === 0) return;
    const failedAtAll = this.#answers === 0 && (this.hosts >= MANY || this.guard.origin.kind === "request-filter");
    this.guard.ended(this.#spent, this.hosts, this.#isOver || failedAtAll);
  }

  #spend(milliseconds: number): void {
    this.#spent += milliseconds;
    if (this.#isOver || this.#spent <= this.guard.rules.timeLimit) return;
    this.#isOver = true;
    this.guard.overran();
  }
}
