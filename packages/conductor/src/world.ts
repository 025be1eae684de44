import type { Options } from "@kilonova/config";
import type { Database } from "@kilonova/database";
import type { Rpc } from "@kilonova/messaging";
import type { Clock, Logger } from "@kilonova/plugin-api";
import type { OperationEnds } from "./operation-ends.js";
import type { conductorOptions } from "./options.js";

/** What the conductor's flows work with. */
export interface ConductorWorld {
  readonly database: Database;
  readonly rpc: Rpc;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ends: OperationEnds;
  readonly options: Options<typeof conductorOptions>;
  /** Unique to this life of the process. */
  readonly owner: string;
}

/** Milliseconds in which somebody should take an operation that was handed over, before the sweep sees to it. */
export const TAKE_WITHIN = 5_000;
