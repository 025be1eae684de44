import { z } from "zod";
import { metadata } from "./parameter-types.js";

/** Body of `POST` and `PUT /servers/{id}/metadata`. */
export const metadataBody = z.strictObject({ metadata });

/** Body of `PUT /servers/{id}/metadata/{key}`: that one item alone. */
export const metadataItemBody = z.strictObject({ meta: metadata });
