import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  BASE_DIRECTORY,
  CLOCK,
  type Clock,
  duration,
  inject,
  LOGGER,
  type Logger,
  messageOf,
  type Options,
  optionGroup,
  options,
  ServiceGroupDriver,
  type ServiceRecord,
} from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this driver. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    path: z
      .string()
      .min(1)
      .default("heartbeats")
      .describe("The folder that all hosts share; from the configuration's folder where relative."),
    downTime: duration("60s").describe("A service that has not written for so long counts as down."),
  }),
);

/** So many reports fall into the time after which a silent service is down, where nobody says how often it reports. */
const REPORTS = 5;

/** Services live while they write the time into a file. */
export class SamplePlugin extends ServiceGroupDriver {
  readonly #folder: string;
  readonly #members = new Map<string, AbortController>();

  constructor(
    @options(samplePluginOptions) private readonly settings: Options<typeof samplePluginOptions>,
    @inject(BASE_DIRECTORY) baseDirectory: string,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
    this.#folder = resolve(baseDirectory, settings.path);
  }

  /**
   * The service counts as alive from now on, until it leaves: it reports by itself.
   *
   * @param interval milliseconds between two reports: option `service.reportInterval`, or the service's own
   */
  override async join(record: ServiceRecord, interval = this.settings.downTime / REPORTS): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await this.#report(record);
    const leaving = new AbortController();
    this.#members.get(record.id)?.abort();
    this.#members.set(record.id, leaving);
    void this.#reportUntil(leaving.signal, record, interval);
  }

  /** It stops reporting, and counts as down when its time is over. */
  override async leave(record: ServiceRecord): Promise<void> {
    this.#members.get(record.id)?.abort();
    this.#members.delete(record.id);
  }

  /** Called for each host on the path of requests, and answers at once: one small file is read. */
  override isUp(record: ServiceRecord): boolean {
    if (record.forcedDown) return false;
    // It is of this very process.
    if (this.#members.has(record.id)) return true;
    const seen = this.#lastSeen(record);
    return seen !== undefined && this.clock.now() - seen <= this.settings.downTime;
  }

  async #reportUntil(leaving: AbortSignal, record: ServiceRecord, interval: number): Promise<void> {
    for (;;) {
      try {
        await this.clock.sleep(interval, leaving);
      } catch {
        // It has left.
        return;
      }
      await this.#report(record).catch((error: unknown) => {
        this.logger.warn({ service: record.binary, error: messageOf(error) }, "the service could not report");
      });
    }
  }

  /** In one step: whoever reads sees the old time or the new. */
  async #report(record: ServiceRecord): Promise<void> {
    const file = this.#file(record);
    const written = `${file}.${randomUUID()}`;
    await writeFile(written, String(this.clock.now()));
    await rename(written, file);
  }

  /** Milliseconds since 1970; undefined for a service that never reported. */
  #lastSeen(record: ServiceRecord): number | undefined {
    try {
      return Number(readFileSync(this.#file(record), "utf8"));
    } catch {
      return undefined;
    }
  }

  #file({ id }: ServiceRecord): string {
    return join(this.#folder, encodeURIComponent(id));
  }
}
