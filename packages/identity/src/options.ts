import { duration, type Options, objectPath, optionGroup } from "@kilonova/config";
import { z } from "zod";

export const identityOptions = optionGroup(
  "identity",
  z.object({
    manager: objectPath("service")
      .default("@kilonova/identity#IdentityManager")
      .describe("What answers identity's calls."),
    web: objectPath().default("@kilonova/identity#IdentityWeb").describe("The Identity API."),
    adminPassword: z
      .string()
      .min(8)
      .optional()
      .meta({ secret: true })
      .describe("Of the user admin, who is made with it, and with roles and catalog, when the service first starts."),
    userPassword: z
      .string()
      .min(8)
      .optional()
      .meta({ secret: true })
      .describe("Of the ordinary user kilonova, with a project of that name, made likewise; none where it is not set."),
    region: z.string().min(1).max(255).default("RegionOne").describe("The region of the catalog."),
    endpoints: z
      .object({
        identity: z.url().optional(),
        image: z.url().optional(),
        network: z.url().optional(),
        compute: z.url().optional(),
      })
      .default({})
      .describe("How users reach each service: what the catalog tells them. Those that are set replace what it has."),
    tokenLifetime: duration("1h").describe("How long a token is good."),
  }),
);

export type IdentityOptions = Options<typeof identityOptions>;
