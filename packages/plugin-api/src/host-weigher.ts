import type { HostState } from "./host-state.js";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";
import type { SchedulingRequest } from "./scheduling-request.js";

/**
 * Says how good a host is for a request. `scheduler.weighers` names those in use; one object per process.
 *
 * Weights are normalised over the hosts that passed: (w - min) / (max - min), or 0 where all are equal, with min and
 * max from the list unless the weigher sets them; a host's score is the sum of multiplier x normalised weight. The
 * multiplier on a host is what its aggregates say under `weightKey` (the least where several do), else what the profile
 * says, else `weight`. Quick, synchronous, without side effects; the same answer for the same host and request.
 *
 * @typeParam Prepared what {@link prepare} makes of a request
 */
export abstract class HostWeigher<Prepared = unknown> {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "weigher", version: 1 };

  /** The lower bound of the scale, where it is fixed; lower weights are clamped to it. */
  readonly minimum: number | undefined = undefined;
  /** The upper bound, likewise. */
  readonly maximum: number | undefined = undefined;

  /** How much it counts, by its own option; negative turns it round, 0: it is not asked. */
  abstract readonly weight: number;

  /** The key of an aggregate's metadata that says how much it counts on the hosts in there: `ram_weight_multiplier`. */
  readonly weightKey: string | undefined = undefined;

  /** -1 where much of what it weighs is bad: what aggregates or a profile say is turned round. `weight` counts as it is. */
  readonly weightSign: 1 | -1 = 1;

  /** As in {@link HostFilter.seesServers}. */
  readonly seesServers: boolean = false;

  /** As in {@link HostFilter.readsImageProperties}. */
  readonly readsImageProperties: boolean = false;

  /** Higher is better. @param prepared what {@link prepare} made of this request */
  abstract weigh(host: HostState, request: SchedulingRequest, prepared: Prepared): number;

  /** False where all hosts are alike to it for such a request: it is passed over then. */
  concerns?(request: SchedulingRequest): boolean;

  /** As in {@link HostFilter.signature}; the empty text where it reads nothing of a request. */
  signature?(request: SchedulingRequest): string;

  /** Called once for a request before any host is weighed. */
  prepare?(request: SchedulingRequest): Prepared;

  /** In place of `weigh`, many hosts at once: a weight for each, in their order. */
  weighHosts?(hosts: readonly HostState[], request: SchedulingRequest, prepared: Prepared): readonly number[];
}
