import { z } from "zod";
import { hostName, identifier } from "./identifier.js";
import { allocationSchema } from "./resources.js";

/** A host that can take a server, and what the server would take from it. */
export const destinationSchema = z.object({
  host: hostName,
  node: hostName,
  /** The host's root provider. */
  providerId: identifier,
  allocations: z.array(allocationSchema),
});

export type Destination = Readonly<z.output<typeof destinationSchema>>;
