import { z } from "zod";
import { flavorSchema } from "./flavor.js";
import { fence, hostName, identifier, instant } from "./identifier.js";
import { powerStateSchema, taskStateSchema, vmStateSchema } from "./server-state.js";

/** A server as services hand it to one another. */
export const serverSchema = z.object({
  id: identifier,
  projectId: identifier,
  userId: identifier,
  name: z.string(),
  /** What the guest calls itself. */
  hostname: z.string(),
  vmState: vmStateSchema,
  taskState: taskStateSchema,
  powerState: powerStateSchema,
  flavor: flavorSchema,
  imageId: identifier.nullable(),
  keyName: z.string().nullable(),
  /** The public key in OpenSSH form. */
  publicKey: z.string().nullable(),
  /** Base64, as the user sent it. */
  userData: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  configDrive: z.boolean(),
  /** Where it is, or is being built. */
  host: hostName.nullable(),
  node: hostName.nullable(),
  availabilityZone: z.string().nullable(),
  /** One per request that made servers. */
  reservationId: z.string(),
  launchIndex: z.number().int().nonnegative(),
  createdAt: instant,
  launchedAt: instant.nullable(),
  /** The newest fence given out for it. */
  fence,
});

export type Server = Readonly<z.output<typeof serverSchema>>;
