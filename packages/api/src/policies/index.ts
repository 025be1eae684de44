import type { Policies } from "@kilonova/http";
import { aggregatePolicies } from "./aggregates.js";
import { flavorPolicies } from "./flavors.js";
import { hostPolicies } from "./hosts.js";
import { instanceActionPolicies } from "./instance-actions.js";
import { ipPolicies } from "./ips.js";
import { keyPairPolicies } from "./key-pairs.js";
import { quotaPolicies } from "./quotas.js";
import { schedulerPolicies } from "./scheduler.js";
import { serverActionPolicies } from "./server-actions.js";
import { serverGroupPolicies } from "./server-groups.js";
import { serverMetadataPolicies } from "./server-metadata.js";
import { serverPolicies } from "./servers.js";
import { statusPolicies } from "./status.js";

/** Every rule of the Compute API, by OpenStack's names; what is ours alone begins with `kilonova:`. */
export const computePolicies: Policies = {
  ...aggregatePolicies,
  ...flavorPolicies,
  ...hostPolicies,
  ...instanceActionPolicies,
  ...ipPolicies,
  ...keyPairPolicies,
  ...quotaPolicies,
  ...schedulerPolicies,
  ...serverActionPolicies,
  ...serverGroupPolicies,
  ...serverMetadataPolicies,
  ...serverPolicies,
  ...statusPolicies,
};
