import { z } from "zod";
import { boolean, integer, name } from "./parameter-types.js";

const description = z.string().max(65_535).nullable();

const flavor_2_1 = z.strictObject({
  name,
  /** None, null or `auto`: one is made up. */
  id: z
    .union([
      z
        .string()
        .min(1)
        .max(255)
        .regex(/^(?! )[a-zA-Z0-9. _-]+(?<! )$/),
      z.number(),
      z.null(),
    ])
    .optional(),
  ram: integer(1),
  vcpus: integer(1),
  disk: integer(0),
  "OS-FLV-EXT-DATA:ephemeral": integer(0).optional(),
  swap: integer(0).optional(),
  rxtx_factor: z.union([z.number().positive(), z.string().regex(/^[0-9]{1,8}(\.[0-9]{1,8})?$/)]).optional(),
  "os-flavor-access:is_public": boolean.optional(),
});

/** Bodies of `POST /flavors` by the microversion that brought them. */
export const createFlavorBodies = {
  "2.1": z.strictObject({ flavor: flavor_2_1 }),
  "2.55": z.strictObject({ flavor: flavor_2_1.extend({ description: description.optional() }) }),
};

/** Body of `PUT /flavors/{id}`. */
export const updateFlavorBody = z.strictObject({ flavor: z.strictObject({ description }) });

const tenant = z.string().min(1).max(255);

/** Bodies of `POST /flavors/{id}/action`. */
export const addTenantAccessBody = z.strictObject({ addTenantAccess: z.strictObject({ tenant }) });
export const removeTenantAccessBody = z.strictObject({ removeTenantAccess: z.strictObject({ tenant }) });
