import { z } from "zod";

const key = z.string().regex(/^[a-zA-Z0-9\-_:. ]{1,255}$/);
const value = z.union([z.string().max(255), z.number()]);

/** One or more extra specs; numbers are kept as their digits. */
export const extraSpecs = z.record(key, value);

/** Body of `POST /flavors/{id}/os-extra_specs`. */
export const createExtraSpecsBody = z.strictObject({ extra_specs: extraSpecs });

/** Body of `PUT /flavors/{id}/os-extra_specs/{key}`: that one key alone. */
export const updateExtraSpecBody = extraSpecs;
