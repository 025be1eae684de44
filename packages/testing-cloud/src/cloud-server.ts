import { z } from "zod";

/** What of a server is read from the Compute API. */
export const cloudServerSchema = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  metadata: z.record(z.string(), z.string()),
  /** By network: each address with its version. */
  addresses: z.record(z.string(), z.array(z.object({ addr: z.string(), version: z.number() }))),
  /** Where it is; for administrators alone. */
  "OS-EXT-SRV-ATTR:host": z.string().nullable().optional(),
  /** Why it is in error. */
  fault: z.object({ code: z.number(), message: z.string() }).optional(),
});

/** A server as the Compute API shows it to an administrator. */
export type CloudServer = Readonly<z.output<typeof cloudServerSchema>>;

/** A status of the Compute API. `DELETED` stands for a server that is not there any more. */
export type ServerStatus = "ACTIVE" | "BUILD" | "DELETED" | "ERROR" | "REBOOT" | "HARD_REBOOT" | "SHUTOFF";
