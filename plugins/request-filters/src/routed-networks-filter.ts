import { RequestFilter } from "@kilonova/plugin-api";

/**
 * Asks for the aggregates of the segments of the networks that are asked for. Networks have no segments yet: whatever
 * `requestFilters.queryPlacementForRoutedNetworkAggregates` says, every host reaches all of every network.
 */
export class RoutedNetworksFilter extends RequestFilter {
  override amend(): undefined {}
}
