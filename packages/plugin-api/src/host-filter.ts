import type { RequestSpec } from "@kilonova/contracts";
import type { HostState } from "./host-state.js";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";

/** Why a host is dropped, in words that go into the sentence a user reads: `7 of 12 hosts are disabled`. */
export interface HostRefusal {
  /** Stable, kebab-case: what is counted. */
  readonly code: string;
  /** What is wrong with the host, as it stands after "hosts": `are disabled`, `are down`. */
  readonly words: string;
}

/** True: the host passes. False: it does not, and the filter's name has to do for a reason. */
export type HostVerdict = true | false | HostRefusal;

/**
 * Drops hosts that a server must not go to. `scheduler.filters` names those in use, in order; one object per process.
 * Called for each host on the request's path: quick, synchronous, without side effects.
 */
export abstract class HostFilter {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "filter", version: 1 };

  abstract hostPasses(host: HostState, request: RequestSpec): HostVerdict;
}
