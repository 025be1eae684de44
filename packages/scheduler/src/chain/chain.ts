import type { GuardedFilter } from "./guarded-filter.js";
import type { GuardedRequestFilter } from "./guarded-request-filter.js";
import type { GuardedWeigher } from "./guarded-weigher.js";

/** The plugins that decide on a request, in order: one profile's. */
export interface Chain {
  /** The profile's name. */
  readonly name: string;
  /** Of these very plugin objects: another when they are made anew. */
  readonly id: string;
  /** The same for the same plugins, versions, options and weights. */
  readonly digest: string;
  /** What leads to it, in words. */
  readonly chosenBy: readonly string[];
  readonly requestFilters: readonly GuardedRequestFilter[];
  readonly filters: readonly GuardedFilter[];
  readonly weighers: readonly GuardedWeigher[];
}
