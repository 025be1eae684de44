import { z } from "zod";
import { boolean, hostName, name } from "./parameter-types.js";

const reason = name;

const service_2_1 = z.strictObject({
  host: hostName,
  binary: z.string().min(1).max(255),
  disabled_reason: reason.optional(),
});

/** Bodies of `PUT /os-services/{action}`, up to 2.52. */
export const serviceActionBodies = {
  "2.1": service_2_1,
  "2.11": service_2_1.extend({ forced_down: boolean.optional() }),
};

/** Body of `PUT /os-services/{id}`, from 2.53 on. */
export const updateServiceBody = z.strictObject({
  status: z.enum(["enabled", "disabled"]).optional(),
  disabled_reason: reason.optional(),
  forced_down: boolean.optional(),
});
