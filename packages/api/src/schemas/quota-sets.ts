import { z } from "zod";
import { boolean, integer } from "./parameter-types.js";

const limit = integer(-1).optional();

const quotas_2_1 = z.strictObject({
  instances: limit,
  cores: limit,
  ram: limit,
  floating_ips: limit,
  fixed_ips: limit,
  metadata_items: limit,
  key_pairs: limit,
  security_groups: limit,
  security_group_rules: limit,
  injected_files: limit,
  injected_file_content_bytes: limit,
  injected_file_path_bytes: limit,
  server_groups: limit,
  server_group_members: limit,
  networks: limit,
  force: boolean.optional(),
});
const quotas_2_36 = quotas_2_1.omit({
  floating_ips: true,
  fixed_ips: true,
  security_groups: true,
  security_group_rules: true,
  networks: true,
});
const quotas_2_57 = quotas_2_36.omit({
  injected_files: true,
  injected_file_content_bytes: true,
  injected_file_path_bytes: true,
});

/** Bodies of `PUT /os-quota-sets/{project}` by the microversion that brought them. */
export const updateQuotaSetBodies = {
  "2.1": z.strictObject({ quota_set: quotas_2_1 }),
  "2.36": z.strictObject({ quota_set: quotas_2_36 }),
  "2.57": z.strictObject({ quota_set: quotas_2_57 }),
};
