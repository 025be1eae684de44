import { RequestFilter } from "@kilonova/plugin-api";

/**
 * Asks for hosts that serve remote-managed ports (COMPUTE_REMOTE_MANAGED_PORTS), where one of the ports asked for is
 * such. A request names networks and no ports yet: there is nothing to ask for.
 */
export class RemoteManagedPortsFilter extends RequestFilter {
  override amend(): undefined {}
}
