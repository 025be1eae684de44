import { z } from "zod";
import { identifier } from "./identifier.js";

/** How the members of a server group are to be placed. The soft ones are wishes, which weighers see to. */
export const GROUP_POLICIES = ["affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"] as const;

/** What a server group asks for, as a request for one of its members takes it along. */
export const serverGroupRuleSchema = z.object({
  id: identifier,
  policy: z.enum(GROUP_POLICIES),
  /** For anti-affinity: so many members may share a host. */
  maxServerPerHost: z.number().int().positive(),
});

export type GroupPolicy = (typeof GROUP_POLICIES)[number];
export type ServerGroupRule = Readonly<z.output<typeof serverGroupRuleSchema>>;
