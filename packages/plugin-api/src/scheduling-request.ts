import type { RequestSpec, ResourceRequest } from "@kilonova/contracts";

/**
 * A request as filters and weighers see it: the request spec, and what the engine has looked up for it. Read only; a new
 * one for each server of a request, for where its fellows go is part of it.
 */
export interface SchedulingRequest extends RequestSpec {
  /** What is asked of placement, once the request filters have had their say. */
  readonly resourceRequest: ResourceRequest;
  /** How many servers are asked for together. */
  readonly serverCount: number;
  /** The root providers of the hosts on which servers are that the hints name, by server id. */
  readonly serverHosts: ReadonlyMap<string, string>;
  /** How many members of the request's server group are on a host, by its root provider; the server itself is not counted. */
  readonly groupMembers: ReadonlyMap<string, number>;
}
