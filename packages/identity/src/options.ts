import { duration, type Options, objectPath, optionGroup } from "@kilonova/config";
import { z } from "zod";

export const identityOptions = optionGroup(
  "identity",
  z.object({
    manager: objectPath().default("@kilonova/identity#IdentityManager").describe("What answers identity's calls."),
    tokenLifetime: duration("1h").describe("How long a token is good."),
  }),
);

export type IdentityOptions = Options<typeof identityOptions>;
