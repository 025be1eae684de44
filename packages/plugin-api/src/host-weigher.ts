import type { RequestSpec } from "@kilonova/contracts";
import type { HostState } from "./host-state.js";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";

/**
 * Says how good a host is for a request. `scheduler.weighers` names those in use; one object per process.
 *
 * Weights are normalised over the hosts that passed: (w - min) / (max - min), or 0 where all are equal, with min and
 * max from the list unless the weigher sets them; a host's score is the sum of multiplier x normalised weight.
 * Quick, synchronous, without side effects.
 */
export abstract class HostWeigher {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "weigher", version: 1 };

  /** The lower bound of the scale, where it is fixed; lower weights are clamped to it. */
  readonly minimum: number | undefined = undefined;
  /** The upper bound, likewise. */
  readonly maximum: number | undefined = undefined;

  /** How much this weigher counts on a host; negative turns it round. */
  abstract multiplier(host: HostState): number;

  /** Higher is better. */
  abstract weigh(host: HostState, request: RequestSpec): number;
}
