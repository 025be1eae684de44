import { forgetDecisions, recordDecisions } from "@kilonova/compute-store";
import type { SchedulingDecision } from "@kilonova/contracts";
import type { Database } from "@kilonova/database";
import type { Clock, Logger, Options } from "@kilonova/plugin-api";
import type { schedulerOptions } from "../options.js";
import type { DecisionArchive } from "./decision-archive.js";
import { DecisionJournal } from "./decision-journal.js";

/** Keeps decisions in the database. */
export class DatabaseArchive implements DecisionArchive {
  readonly #journal: DecisionJournal;

  constructor(
    private readonly database: Database,
    private readonly settings: Options<typeof schedulerOptions>,
    clock: Clock,
    logger: Logger,
  ) {
    const write = (entries: Parameters<typeof recordDecisions>[1]) => recordDecisions(database, entries);
    this.#journal = new DecisionJournal(write, clock, logger, settings);
  }

  record(decision: SchedulingDecision): void {
    this.#journal.record(decision);
  }

  async forget(signal: AbortSignal): Promise<void> {
    const { decisionsKeep, decisionsMost } = this.settings;
    while ((await forgetDecisions(this.database, decisionsKeep, decisionsMost)) > 0 && !signal.aborted);
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }
}
