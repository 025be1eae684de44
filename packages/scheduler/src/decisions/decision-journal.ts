import type { DecisionEntry } from "@kilonova/compute-store";
import type { SchedulingDecision } from "@kilonova/contracts";
import { messageOf } from "@kilonova/messaging";
import type { Clock, Logger } from "@kilonova/plugin-api";
import { boundedDecision } from "./bounded-decision.js";

/** Decisions of one statement. */
const BATCH = 100;
/** So many wait at most: some seconds of a busy scheduler. */
const MOST_WAITING = 2_000;
/** After so long a decision that could not be written is given up. Milliseconds. */
const TOO_OLD = 60_000;
/** How often it is said that some were lost, and how long closing may take. Milliseconds. */
const TELL_EVERY = 60_000;
const CLOSE_WITHIN = 5_000;

export interface JournalSettings {
  /** Milliseconds that a decision waits for others, unless there is a whole batch before. */
  readonly decisionWriteInterval: number;
  /** Bytes of JSON that one may take. */
  readonly decisionMaxBytes: number;
}

interface Waiting {
  readonly decision: SchedulingDecision;
  readonly madeAt: number;
}

/** Writes decisions, all or none, and is safe to repeat: `(entries) => recordDecisions(database, entries)`. */
export type WriteDecisions = (entries: readonly DecisionEntry[]) => Promise<void>;

/**
 * Keeps what a scheduler decides, off the path of requests: a decision waits in a bounded queue until its batch is
 * written, one batch at a time. Where the database does not answer, decisions are tried again for a minute; what is lost
 * is counted and told of.
 */
export class DecisionJournal {
  #waiting: Waiting[] = [];
  #writing: Promise<boolean> = Promise.resolve(true);
  /** There while somebody sees to the queue; aborts its pause. */
  #pause: AbortController | undefined;
  #hasFailed = false;
  #isClosed = false;
  #lost = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly write: WriteDecisions,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly settings: JournalSettings,
  ) {}

  /** Takes a decision to be written. Never waits, never throws; where too many wait, the oldest is lost. */
  record(decision: SchedulingDecision): void {
    if (this.#isClosed) {
      this.#lose(1, "the journal is closed");
      return;
    }
    this.#waiting.push({ decision, madeAt: this.clock.now() });
    if (this.#waiting.length > MOST_WAITING) {
      this.#waiting.shift();
      this.#lose(1, "too many wait to be written");
    }
    if (!this.#pause) void this.#follow();
    else if (this.#waiting.length >= BATCH && !this.#hasFailed) this.#pause.abort();
  }

  /** Writes what waits now, as far as the database takes it: what it does not take goes on waiting. Never rejects. */
  async flush(): Promise<void> {
    for (let left = Math.ceil(this.#waiting.length / BATCH) + 1; left > 0; left--) {
      if (!(await this.#next()) || this.#waiting.length === 0) return;
    }
  }

  /** Takes no more, and writes what waits, within five seconds. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const inTime = new AbortController();
    const late = this.clock.sleep(CLOSE_WITHIN, inTime.signal).catch(() => undefined);
    await Promise.race([this.flush(), late]);
    inTime.abort();
    this.#pause?.abort();
    this.#lost += this.#waiting.splice(0).length;
    if (this.#lost > 0) this.#tell("the database did not take them before the end");
  }

  /** Writes batch after batch until none waits. */
  async #follow(): Promise<void> {
    while (this.#waiting.length > 0) {
      const pause = new AbortController();
      this.#pause = pause;
      if (this.#waiting.length < BATCH || this.#hasFailed) {
        await this.clock.sleep(this.settings.decisionWriteInterval, pause.signal).catch(() => undefined);
      }
      await this.#next();
    }
    this.#pause = undefined;
  }

  /** The next batch, after the one that is being written. True where the database took it. */
  #next(): Promise<boolean> {
    this.#writing = this.#writing.then(() => this.#writeBatch());
    return this.#writing;
  }

  async #writeBatch(): Promise<boolean> {
    const batch = this.#waiting.splice(0, BATCH);
    if (batch.length === 0) return true;
    const now = this.clock.now();
    try {
      await this.write(
        batch.map(({ decision, madeAt }) => ({
          decision: boundedDecision(decision, this.settings.decisionMaxBytes),
          age: now - madeAt,
        })),
      );
      this.#hasFailed = false;
      return true;
    } catch (error) {
      this.#putBack(batch, messageOf(error));
      return false;
    }
  }

  /** What could not be written is tried again, before what came later, while it is young and there is room. */
  #putBack(batch: readonly Waiting[], error: string): void {
    if (!this.#hasFailed) this.logger.warn({ error }, "scheduling decisions cannot be written; they are tried again");
    this.#hasFailed = true;
    const now = this.clock.now();
    const young = this.#isClosed ? [] : batch.filter(({ madeAt }) => now - madeAt < TOO_OLD);
    const kept = young.slice(Math.max(0, young.length + this.#waiting.length - MOST_WAITING));
    this.#waiting = [...kept, ...this.#waiting];
    this.#lose(batch.length - kept.length, error);
  }

  /** Counts, and says so once a minute. */
  #lose(count: number, reason: string): void {
    this.#lost += count;
    const now = this.clock.now();
    if (this.#lost === 0 || now - this.#toldAt < TELL_EVERY) return;
    this.#toldAt = now;
    this.#tell(reason);
  }

  #tell(reason: string): void {
    this.logger.warn({ decisions: this.#lost, reason }, "scheduling decisions were lost");
    this.#lost = 0;
  }
}
