import { objectPath, optionGroup } from "@kilonova/config";
import { z } from "zod";

const limit = (preset: number) => z.number().int().min(-1).default(preset);

/** The Compute API. */
export const apiOptions = optionGroup(
  "api",
  z.object({
    web: objectPath().default("@kilonova/api#ApiWeb").describe("The Compute API."),
    servers: objectPath()
      .default("@kilonova/api#ServerManager")
      .describe("What is done to servers, behind the routes, as an object path."),
    authSchemes: z
      .array(objectPath("authenticator"))
      .default(["@kilonova/http#TokenAuthenticator"])
      .describe("Who tells who makes a request, as object paths; the first that answers counts."),
    defaultScheduleZone: z
      .string()
      .min(1)
      .optional()
      .describe("The availability zone of servers that are asked for without one; none: any zone will do."),
    maxLimit: z.number().int().positive().default(1000).describe("The most that one page of a list holds."),
  }),
);

/** What a project may have where nobody set anything else for it; -1: no limit. */
export const quotaOptions = optionGroup(
  "quota",
  z.object({
    instances: limit(10).describe("Servers of a project; -1: no limit."),
    cores: limit(20).describe("Virtual CPUs of all servers of a project; -1: no limit."),
    ram: limit(51_200).describe("MiB of memory of all servers of a project; -1: no limit."),
    metadataItems: limit(128).describe("Metadata items of a server; -1: no limit."),
    keyPairs: limit(100).describe("Key pairs of a user; -1: no limit."),
    serverGroups: limit(10).describe("Server groups of a project; -1: no limit."),
    serverGroupMembers: limit(10).describe("Servers of a server group; -1: no limit."),
  }),
);
