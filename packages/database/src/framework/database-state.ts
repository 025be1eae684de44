import type { FrameworkState } from "@kilonova/core";
import type { Database } from "../database.js";
import { DatabaseDriverState } from "./driver-state.js";
import { DatabaseLocks } from "./locks.js";
import { DatabaseServiceRecords } from "./service-records.js";

/** The framework's state for a process that has a database, with any role. */
export function databaseState(database: Database, host: string): FrameworkState {
  return {
    serviceRecords: new DatabaseServiceRecords(database),
    locks: new DatabaseLocks(database),
    driverState: new DatabaseDriverState(database, host),
    // Who connected has waited already.
    ready: async () => {},
  };
}
