import type { Policies } from "@kilonova/http";
import { flavorPolicies } from "./flavors.js";
import { hostPolicies } from "./hosts.js";
import { instanceActionPolicies } from "./instance-actions.js";
import { ipPolicies } from "./ips.js";
import { keyPairPolicies } from "./key-pairs.js";
import { quotaPolicies } from "./quotas.js";
import { serverActionPolicies } from "./server-actions.js";
import { serverMetadataPolicies } from "./server-metadata.js";
import { serverPolicies } from "./servers.js";

/** Every rule of the Compute API, by OpenStack's names. */
export const computePolicies: Policies = {
  ...flavorPolicies,
  ...hostPolicies,
  ...instanceActionPolicies,
  ...ipPolicies,
  ...keyPairPolicies,
  ...quotaPolicies,
  ...serverActionPolicies,
  ...serverMetadataPolicies,
  ...serverPolicies,
};
