import type { ServiceRecord } from "@kilonova/contracts";
import { type Token, token } from "@kilonova/plugin-api";

/** What a service says of itself when it starts. */
export interface ServiceRegistration {
  readonly binary: string;
  readonly topic: string;
  readonly host: string;
  /** The version of each contract it answers. */
  readonly contracts: Readonly<Record<string, string>>;
}

/**
 * The records of all services, alive or not. The database implements it; for a process without one, a client of the
 * conductor does. Time is the database's.
 */
export interface ServiceRecords {
  /** Makes or renews the record of (binary, host); answers it. What an operator set on it (disabled, forced down) stays. */
  register(registration: ServiceRegistration): Promise<ServiceRecord>;
  /** The service lives. False where its record is gone. */
  report(id: string): Promise<boolean>;
  /** Forgets a service. Safe to repeat. */
  remove(id: string): Promise<void>;
  /** All records, or those of one topic. */
  list(topic: string | null): Promise<readonly ServiceRecord[]>;
}

export const SERVICE_RECORDS: Token<ServiceRecords> = token("service-records");
