import type { ServiceRecord } from "@kilonova/contracts";
import type { ServiceRecords } from "@kilonova/core";
import type { Clock, ServiceGroupDriver } from "@kilonova/plugin-api";

/** Records are read again after so many milliseconds. */
const FRESH_FOR = 1_000;

/** The computes of the cloud: which of them live. */
export class ComputeHosts {
  #records: Promise<ReadonlyMap<string, ServiceRecord>> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly services: ServiceRecords,
    private readonly group: ServiceGroupDriver,
    private readonly clock: Clock,
  ) {}

  /** False for a host that has no compute, too. */
  async isUp(host: string): Promise<boolean> {
    const record = (await this.#fresh()).get(host);
    return record !== undefined && this.group.isUp(record);
  }

  /**
   * True where there is nothing to wait for: the compute has been down for so many milliseconds, or was declared so.
   *
   * @param waited how long an operation has waited for it, for a compute of which nothing is known
   */
  async isLost(host: string, limit: number, waited: number): Promise<boolean> {
    const record = (await this.#fresh()).get(host);
    if (record?.forcedDown) return true;
    if (record && this.group.isUp(record)) return false;
    return (record?.silentFor ?? waited) >= limit;
  }

  async #fresh(): Promise<ReadonlyMap<string, ServiceRecord>> {
    const now = this.clock.now();
    if (!this.#records || now - this.#readAt >= FRESH_FOR) {
      this.#readAt = now;
      this.#records = this.#read();
      this.#records.catch(() => {
        this.#records = undefined;
      });
    }
    return await this.#records;
  }

  async #read(): Promise<ReadonlyMap<string, ServiceRecord>> {
    return new Map((await this.services.list("compute")).map((record) => [record.host, record]));
  }
}
