import type { RequestContext } from "@kilonova/messaging";
import type { DriverState } from "@kilonova/plugin-api";
import type { Locks } from "../locks/locks.js";
import type { ServiceRecords } from "../service/service-records.js";

/** What the framework itself remembers, wherever that is. */
export interface FrameworkState {
  readonly serviceRecords: ServiceRecords;
  readonly locks: Locks;
  readonly driverState: DriverState;
  /** Resolves when it can be used: a process without a database waits here for a conductor. */
  ready(context: RequestContext): Promise<void>;
}
