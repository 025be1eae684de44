import { authenticated, type Policies } from "@kilonova/http";

/** What is shown of ports is a matter of the query: a user sees the own project's. */
export const networkPolicies: Policies = {
  get_network: authenticated,
  get_subnet: authenticated,
  get_port: authenticated,
  get_extension: authenticated,
};
