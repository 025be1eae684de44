import { z } from "zod";
import { ipAddress, name, uuid } from "./parameter-types.js";

/** So many servers may be named. */
const MOST_SERVERS = 400;

/** Scheduler hints. Others are let through: filters and plugins may know them. */
export const schedulerHints = z.looseObject({
  group: uuid.optional(),
  different_host: z.union([uuid, z.array(uuid).max(MOST_SERVERS)]).optional(),
  same_host: z.union([z.string(), z.array(uuid).max(MOST_SERVERS)]).optional(),
  /** JSON, or its text. */
  query: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  target_cell: name.optional(),
  different_cell: z.union([z.string(), z.array(z.string())]).optional(),
  build_near_host_ip: ipAddress.optional(),
  cidr: z
    .string()
    .regex(/^\/[0-9a-f.:]+$/)
    .optional(),
});
