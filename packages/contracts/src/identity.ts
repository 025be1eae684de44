import { method, rpcContract } from "@kilonova/messaging";
import { z } from "zod";
import { identifier, instant } from "./identifier.js";

/** Who a token speaks for, and where its endpoints are. */
export const principalSchema = z.object({
  userId: identifier,
  userName: z.string(),
  userDomainId: identifier,
  /** Absent where the token is scoped to no project. */
  projectId: identifier.optional(),
  projectName: z.string().optional(),
  projectDomainId: identifier.optional(),
  roles: z.array(z.string()),
  expiresAt: instant,
});

export type Principal = Readonly<z.output<typeof principalSchema>>;

export const identityContract = rpcContract("identity", "1.0", {
  /** Who a token speaks for. A token that is no good, for whatever reason, is refused without saying which. */
  validateToken: method({
    args: z.object({ token: z.string().max(4096) }),
    result: principalSchema,
    refusals: { invalidToken: z.object({}) },
    deadline: "10s",
  }),
});

export type Identity = typeof identityContract;
