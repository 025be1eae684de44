import { messageOf } from "@kilonova/messaging";
import type { Clock, Logger } from "@kilonova/plugin-api";

/** Milliseconds between two lines on the same plugin: one that fails does so for host after host. */
const QUIET = 60_000;

/**
 * Filters and weighers that fail. A host that a filter failed on is kept out, one that a weigher failed on counts
 * nothing by it: no request is lost, and the log names the culprit, once a minute with how often.
 */
export class PluginFailures {
  readonly #plugins = new Map<string, { count: number; loggedAt: number }>();

  constructor(
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {}

  /** @param plugin the class that failed on the host, and `kind` what it is: `filter`, `weigher` */
  note(kind: string, plugin: string, host: string, failure: unknown): void {
    const known = this.#plugins.get(plugin) ?? { count: 0, loggedAt: Number.NEGATIVE_INFINITY };
    this.#plugins.set(plugin, known);
    known.count++;
    if (this.clock.now() - known.loggedAt < QUIET) return;
    known.loggedAt = this.clock.now();
    const error = messageOf(failure);
    this.logger.error({ [kind]: plugin, host, failures: known.count, error }, `the ${kind} ${plugin} fails`);
  }
}
