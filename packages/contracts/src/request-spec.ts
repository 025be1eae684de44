import { z } from "zod";
import { flavorSchema } from "./flavor.js";
import { hostName, identifier } from "./identifier.js";
import { requestedNetworksSchema } from "./network-info.js";
import { serverGroupRuleSchema } from "./server-group.js";

/** Why a destination is sought. Every path asks the same engine and says which it is. */
export const SCHEDULING_REASONS = [
  "create",
  "rebuild",
  "resize",
  "migrate",
  "live-migrate",
  "evacuate",
  "unshelve",
] as const;

/** What a server needs of the host that takes it. Written once by the api, read by the scheduler, filters and weighers. */
export const requestSpecSchema = z.object({
  reservationId: z.string(),
  reason: z.enum(SCHEDULING_REASONS),
  projectId: identifier,
  userId: identifier,
  flavor: flavorSchema,
  image: z
    .object({
      id: identifier,
      minDisk: z.number().int(),
      minRam: z.number().int(),
      diskFormat: z.string().nullable().optional(),
      properties: z.record(z.string(), z.string()),
    })
    .nullable(),
  availabilityZone: z.string().nullable(),
  /** This host or none, named within the zone: `zone:host:node`. */
  forcedHost: hostName.nullable(),
  /** This hypervisor or none, likewise. */
  forcedNode: hostName.nullable().optional(),
  /** The host, the hypervisor or both that it must go to, named by themselves. */
  requestedDestination: z.object({ host: hostName.nullable(), node: hostName.nullable() }).nullable().optional(),
  /** The server group that it is in. */
  group: serverGroupRuleSchema.nullable().optional(),
  networks: requestedNetworksSchema,
  /** Scheduler hints, as the user sent them. */
  hints: z.record(z.string(), z.unknown()),
});

export type RequestSpec = Readonly<z.output<typeof requestSpecSchema>>;
