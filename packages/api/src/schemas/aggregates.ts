import { z } from "zod";
import { hostName, metadataChanges, name, spacedName, zoneName } from "./parameter-types.js";

const zone = zoneName.nullable();

/** Body of `POST /os-aggregates`. */
export const createAggregateBody = z.strictObject({
  aggregate: z.strictObject({ name, availability_zone: zone.optional() }),
});

/** Body of `PUT /os-aggregates/{id}`: one of both at least. */
export const updateAggregateBody = z.strictObject({
  aggregate: z.union([
    z.strictObject({ name: spacedName, availability_zone: zone.optional() }),
    z.strictObject({ name: spacedName.optional(), availability_zone: zone }),
  ]),
});

/** Bodies of `POST /os-aggregates/{id}/action`. */
export const addHostBody = z.strictObject({ add_host: z.strictObject({ host: hostName }) });
export const removeHostBody = z.strictObject({ remove_host: z.strictObject({ host: hostName }) });
export const setMetadataBody = z.strictObject({ set_metadata: z.strictObject({ metadata: metadataChanges }) });
