import type { Options } from "@kilonova/config";
import type { ServiceRecord } from "@kilonova/contracts";
import { messageOf } from "@kilonova/messaging";
import { CLOCK, type Clock, inject, LOGGER, type Logger, options, ServiceGroupDriver } from "@kilonova/plugin-api";
import { serviceOptions } from "../options.js";
import { SERVICE_RECORDS, type ServiceRecords } from "./service-records.js";

/** Services live while they report to their records. A report that fails is said once, and tried again. */
export class RecordServiceGroup extends ServiceGroupDriver {
  readonly #members = new Map<string, AbortController>();

  constructor(
    @inject(SERVICE_RECORDS) private readonly records: ServiceRecords,
    @options(serviceOptions) private readonly settings: Options<typeof serviceOptions>,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  override async join(record: ServiceRecord, reportInterval = this.settings.reportInterval): Promise<void> {
    const leaving = new AbortController();
    this.#members.set(record.id, leaving);
    await this.records.report(record.id);
    void this.#reportUntil(leaving.signal, record, reportInterval);
  }

  override async leave(record: ServiceRecord): Promise<void> {
    this.#members.get(record.id)?.abort();
    this.#members.delete(record.id);
  }

  override isUp(record: ServiceRecord): boolean {
    return !record.forcedDown && record.silentFor !== null && record.silentFor <= this.settings.downTime;
  }

  async #reportUntil(leaving: AbortSignal, record: ServiceRecord, interval: number): Promise<void> {
    let isFailing = false;
    for (;;) {
      try {
        await this.clock.sleep(interval, leaving);
      } catch {
        return;
      }
      const problem = await this.#report(record);
      if (problem && !isFailing)
        this.logger.warn({ service: record.binary, error: problem }, "the service could not report");
      if (!problem && isFailing) this.logger.info({ service: record.binary }, "the service reports again");
      isFailing = problem !== undefined;
    }
  }

  async #report(record: ServiceRecord): Promise<string | undefined> {
    try {
      return (await this.records.report(record.id)) ? undefined : "its record is gone; restart the service";
    } catch (error) {
      return messageOf(error);
    }
  }
}
