import { GROUP_POLICIES } from "@kilonova/contracts";
import { z } from "zod";
import { integer, name } from "./parameter-types.js";

function withPolicies(policies: z.ZodType<(typeof GROUP_POLICIES)[number]>) {
  return z.strictObject({
    server_group: z.strictObject({ name, policies: z.array(policies).min(1).max(1) }),
  });
}

/** Bodies of `POST /os-server-groups` by the microversion that brought them. */
export const createServerGroupBodies = {
  "2.1": withPolicies(z.enum(["anti-affinity", "affinity"])),
  "2.15": withPolicies(z.enum(GROUP_POLICIES)),
  "2.64": z.strictObject({
    server_group: z.strictObject({
      name,
      policy: z.enum(GROUP_POLICIES),
      rules: z.strictObject({ max_server_per_host: integer(1).optional() }).optional(),
    }),
  }),
};
