import { messageOf } from "@kilonova/messaging";
import type { Clock, Logger, Notification, Notifier } from "@kilonova/plugin-api";
import { LEAVING_TIME } from "../service/way-out.js";

/** Who notifications go to. */
export type NotificationOutlet = Pick<Notifier, "notify" | "close">;

/** How a notifier has fared. */
export interface NotifierCount {
  readonly notifier: string;
  readonly delivered: number;
  /** Given to it, and not delivered. */
  readonly failed: number;
  /** Not even given to it: too many were waiting, or the process left. */
  readonly dropped: number;
}

export interface NotificationQueueSettings {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds for one delivery. */
  readonly timeLimit: number;
  /** How many may wait. */
  readonly queueSize: number;
}

/** Deliveries of one notifier at the same time. */
const CONCURRENCY = 8;
/** Milliseconds between two lines about one notifier. */
const QUIET_TIME = 60_000;
/**
 * Milliseconds that what waits has, when the process leaves. With the time to close it is part of one step of the way out,
 * which has to suffice for the transport as well.
 */
export const DRAIN_TIME = LEAVING_TIME * 0.5;
/** Milliseconds for a notifier to close. */
export const CLOSE_TIME = LEAVING_TIME * 0.2;

/** What waits for one notifier, and what is being delivered by it. Nothing here ever reaches whoever told something. */
export class NotificationQueue {
  readonly #waiting: Notification[] = [];
  readonly #running = new Map<AbortController, Promise<void>>();
  readonly #count = { delivered: 0, failed: 0, dropped: 0 };
  /** What the last line has told. */
  #told = { failed: 0, dropped: 0 };
  #lastError: string | undefined;
  #isQuiet = false;
  #isClosed = false;
  readonly #ended = new AbortController();

  constructor(
    private readonly name: string,
    private readonly outlet: NotificationOutlet,
    private readonly settings: NotificationQueueSettings,
  ) {}

  get count(): NotifierCount {
    return { notifier: this.name, ...this.#count };
  }

  offer(notification: Notification): void {
    if (this.#isClosed || this.#waiting.length >= this.settings.queueSize) {
      this.#drop(1);
      return;
    }
    this.#waiting.push(notification);
    this.#pump();
  }

  /** Takes nothing more, delivers what waits as far as there is time, and closes the notifier. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#within(DRAIN_TIME, this.#idle());
    this.#drop(this.#waiting.splice(0).length);
    for (const delivery of this.#running.keys()) delivery.abort(new Error("the process leaves"));
    await this.#within(CLOSE_TIME, this.#closeOutlet());
    this.#ended.abort();
    this.#say();
  }

  #pump(): void {
    while (this.#running.size < CONCURRENCY) {
      const notification = this.#waiting.shift();
      if (!notification) return;
      const delivery = new AbortController();
      const work = this.#deliver(notification, delivery).finally(() => {
        this.#running.delete(delivery);
        this.#pump();
      });
      this.#running.set(delivery, work);
    }
  }

  /**
   * Has failed when its time is up, but keeps its place until it is over: a notifier that ignores the signal cannot pile
   * up what it does not do.
   */
  async #deliver(notification: Notification, delivery: AbortController): Promise<void> {
    const { signal } = delivery;
    const timed = new AbortController();
    const { timeLimit, clock } = this.settings;
    clock.sleep(timeLimit, timed.signal).then(
      () => delivery.abort(new Error(`it took longer than ${timeLimit} ms`)),
      () => {},
    );
    const givenUp = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    // Asynchronous, so that what it throws at once is a failure like any other.
    const work = (async () => await this.outlet.notify(notification, signal))();
    try {
      await Promise.race([work, givenUp]);
      this.#count.delivered += 1;
    } catch (error) {
      this.#count.failed += 1;
      this.#lastError = messageOf(error);
      this.#trouble();
    } finally {
      timed.abort();
      await work.catch(() => {});
    }
  }

  #drop(count: number): void {
    if (count === 0) return;
    this.#count.dropped += count;
    this.#trouble();
  }

  /** Says so at once, then no more than once a minute. */
  #trouble(): void {
    if (this.#isQuiet) return;
    this.#isQuiet = true;
    this.#say();
    this.settings.clock.sleep(QUIET_TIME, this.#ended.signal).then(
      () => {
        this.#isQuiet = false;
        if (this.#isUntold()) this.#trouble();
      },
      () => {},
    );
  }

  #say(): void {
    if (!this.#isUntold()) return;
    const { failed, dropped } = this.#count;
    const since = { failed: failed - this.#told.failed, dropped: dropped - this.#told.dropped };
    this.#told = { failed, dropped };
    this.settings.logger.warn(
      { notifier: this.name, ...since, ...(this.#lastError === undefined ? {} : { error: this.#lastError }) },
      "notifications were not delivered",
    );
  }

  #isUntold(): boolean {
    return this.#count.failed > this.#told.failed || this.#count.dropped > this.#told.dropped;
  }

  async #idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running.values());
  }

  async #closeOutlet(): Promise<void> {
    try {
      await this.outlet.close();
    } catch (error) {
      this.settings.logger.warn({ notifier: this.name, error: messageOf(error) }, "a notifier could not be closed");
    }
  }

  async #within(limit: number, work: Promise<void>): Promise<void> {
    const done = new AbortController();
    await Promise.race([work, this.settings.clock.sleep(limit, done.signal).catch(() => {})]);
    done.abort();
  }
}
