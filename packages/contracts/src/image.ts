import { method, rpcContract } from "@kilonova/messaging";
import { z } from "zod";
import { identifier, instant } from "./identifier.js";
import { imageSchema } from "./image-record.js";

const notFound = { imageNotFound: z.object({ imageId: identifier }) };

/** Where the bytes of an image are fetched, by whoever holds the ticket. */
export const imageTicketSchema = z.object({
  /** The image service's data route, from its public endpoint. */
  url: z.string(),
  /** Sent as `Authorization: Bearer …`. Good for this image alone. */
  ticket: z.string(),
  expiresAt: instant,
});

export type ImageTicket = Readonly<z.output<typeof imageTicketSchema>>;

export const imageContract = rpcContract("image", "1.0", {
  /** An image that the context's project may see. */
  getImage: method({
    fromHost: "handler",
    args: z.object({ imageId: identifier }),
    result: imageSchema,
    refusals: notFound,
  }),
  /** A short-lived ticket for the bytes of an active image. */
  issueTicket: method({
    fromHost: "handler",
    args: z.object({ imageId: identifier }),
    result: imageTicketSchema,
    refusals: { ...notFound, imageNotActive: z.object({ imageId: identifier, status: z.string() }) },
  }),
});

export type ImageService = typeof imageContract;
