import type { ServiceRecord } from "@kilonova/contracts";
import { type Database, DatabaseServiceRecords, type ServiceSettings } from "@kilonova/database";
import type { ServiceGroupDriver } from "@kilonova/plugin-api";

/** The topics of the services that the Compute API tells of; the others have APIs of their own. */
const TOPICS: ReadonlySet<string> = new Set(["compute", "conductor", "scheduler"]);

/** A service, and whether it lives. */
export interface ServiceState {
  readonly service: ServiceRecord;
  readonly up: boolean;
}

/** The services of the compute cloud. */
export class ComputeServices {
  readonly #records: DatabaseServiceRecords;

  constructor(
    database: Database,
    private readonly serviceGroup: ServiceGroupDriver,
  ) {
    this.#records = new DatabaseServiceRecords(database);
  }

  /** Those that the Compute API tells of. */
  async all(): Promise<readonly ServiceState[]> {
    return (await this.ofEveryTopic()).filter(({ service }) => TOPICS.has(service.topic));
  }

  /** All that have a record, those of outsiders too. */
  async ofEveryTopic(): Promise<readonly ServiceState[]> {
    return (await this.#records.list(null)).map((service) => this.#state(service));
  }

  /** The compute services by host. */
  async computesByHost(): Promise<ReadonlyMap<string, ServiceState>> {
    const records = await this.#records.list("compute");
    return new Map(records.map((service) => [service.host, this.#state(service)]));
  }

  /** Undefined where the service has gone meanwhile. */
  async update(id: string, settings: ServiceSettings): Promise<ServiceState | undefined> {
    const updated = await this.#records.update(id, settings);
    return updated && this.#state(updated);
  }

  #state(service: ServiceRecord): ServiceState {
    return { service, up: this.serviceGroup.isUp(service) };
  }
}

/** What a server's user is told of its host, where he may be: `host_status`. */
export function hostStatus(state: ServiceState | undefined): string {
  if (!state || (!state.up && !state.service.forcedDown)) return "UNKNOWN";
  if (state.service.forcedDown) return "DOWN";
  return state.service.disabled ? "MAINTENANCE" : "UP";
}
