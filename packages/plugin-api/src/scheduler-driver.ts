import type { Destination, Scheduler, SchedulingDecision } from "@kilonova/contracts";
import type { Args, RequestContext, Result } from "@kilonova/messaging";
import type { HostState } from "./host-state.js";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";
import { token } from "./token.js";

/** What a scheduling strategy is asked: find hosts, claim them, name alternates. */
export type SelectDestinations = Args<Scheduler, "selectDestinations">;
export type SelectedDestinations = Result<Scheduler, "selectDestinations">;

/** The hosts of the cloud, mirrored in memory. */
export interface HostStates {
  /** All hosts with a compute that has been seen, as they are now. */
  all(): readonly HostState[];
  /** Catches up with placement: called after a claim was refused. */
  refresh(context: RequestContext): Promise<void>;
}

/** What is wanted for one server, claimed under its fence. */
export interface ServerClaim {
  readonly serverId: string;
  readonly fence: number;
  readonly destination: Destination;
}

/** Claims at placement; what is claimed shows in the host states at once. */
export interface Claims {
  /**
   * All or nothing.
   *
   * @returns the claim that could not be had and why, or undefined when all are made
   */
  claim(
    context: RequestContext,
    request: SelectDestinations["requestSpec"],
    claims: readonly ServerClaim[],
  ): Promise<{ readonly serverId: string; readonly refusal: "noCapacity" | "groupPolicy" | "staleFence" } | undefined>;
}

export const HOST_STATES = token<HostStates>("host-states");
export const CLAIMS = token<Claims>("claims");

/** A scheduling strategy. `scheduler.driver` names one, by default the filter scheduler; one object per process. */
export abstract class SchedulerDriver {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "scheduler", version: 1 };

  /**
   * A host for each server, claimed; all or none. What it answers is what `selectDestinations` of the scheduler does. A
   * rebuild keeps its host and what it has there: for that nothing is claimed.
   */
  abstract selectDestinations(context: RequestContext, args: SelectDestinations): Promise<SelectedDestinations>;

  /** Where such servers would go now, and why not elsewhere; nothing is claimed. Optional: not every strategy can say. */
  dryRun?(context: RequestContext, args: SelectDestinations): Promise<SchedulingDecision>;
}
