import { z } from "zod";
import { hostName, identifier, instant } from "./identifier.js";

/** A service that runs, or ran, somewhere. */
export const serviceRecordSchema = z.object({
  id: identifier,
  /** `kilonova-compute` */
  binary: z.string(),
  topic: z.string(),
  host: hostName,
  /** The newest version of each contract it answers, by contract. */
  contracts: z.record(z.string(), z.string()),
  disabled: z.boolean(),
  disabledReason: z.string().nullable(),
  forcedDown: z.boolean(),
  createdAt: instant,
  updatedAt: instant,
  /** When it last reported, by the database's clock; null: never. */
  lastSeenAt: instant.nullable(),
  /** Milliseconds since then, by the database's clock, when the record was read. */
  silentFor: z.number().int().nonnegative().nullable(),
});

export type ServiceRecord = Readonly<z.output<typeof serviceRecordSchema>>;
