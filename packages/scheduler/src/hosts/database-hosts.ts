import {
  countImageProperties,
  countIoOps,
  hostsChangedSince,
  listHostAggregates,
  listHosts,
} from "@kilonova/compute-store";
import type { ServiceRecord } from "@kilonova/contracts";
import type { ServiceRecords } from "@kilonova/core";
import type { Database } from "@kilonova/database";
import type { Clock } from "@kilonova/plugin-api";
import type { HostSource } from "./host-table.js";
import type { AggregateOfHosts, Hypervisor } from "./known-host.js";

/** Milliseconds after which all hypervisors are read again, those too that did not change: one may have gone. */
const ALL_AGAIN = 600_000;
/** Counting image properties reads each server's image: so often at most, in milliseconds. */
const COUNTS_AGAIN = 60_000;

/** Hosts as the database of api, conductor and scheduler has them. Of hypervisors only those are read that changed. */
export class DatabaseHosts implements HostSource {
  #hypervisors = new Map<string, Hypervisor>();
  #newest: string | undefined;
  #allReadAt = Number.NEGATIVE_INFINITY;
  #imageProperties: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map();
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly database: Database,
    private readonly records: ServiceRecords,
    private readonly clock: Clock,
  ) {}

  async hypervisors(): Promise<readonly Hypervisor[]> {
    const now = this.clock.now();
    if (this.#newest === undefined || now - this.#allReadAt >= ALL_AGAIN) {
      const all = await listHosts(this.database);
      this.#hypervisors = new Map();
      this.#note(all);
      this.#allReadAt = now;
    } else this.#note(await hostsChangedSince(this.database, this.#newest));
    return [...this.#hypervisors.values()];
  }

  services(): Promise<readonly ServiceRecord[]> {
    return this.records.list("compute");
  }

  aggregates(): Promise<readonly AggregateOfHosts[]> {
    return listHostAggregates(this.database);
  }

  ioOps(): Promise<ReadonlyMap<string, number>> {
    return countIoOps(this.database);
  }

  async imageProperties(): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
    const now = this.clock.now();
    if (now - this.#countedAt < COUNTS_AGAIN) return this.#imageProperties;
    this.#imageProperties = await countImageProperties(this.database);
    this.#countedAt = now;
    return this.#imageProperties;
  }

  /** By name: a hypervisor that comes with a new id has taken the place of the one that was called so. */
  #note(changed: readonly Hypervisor[]): void {
    for (const hypervisor of changed) {
      this.#hypervisors.set(hypervisor.hypervisorHostname, hypervisor);
      if (this.#newest === undefined || hypervisor.changedAt > this.#newest) this.#newest = hypervisor.changedAt;
    }
  }
}
