import { duration, type Options, objectPath, optionGroup } from "@kilonova/config";
import { z } from "zod";

export const imageOptions = optionGroup(
  "image",
  z.object({
    manager: objectPath("service")
      .default("@kilonova/image#ImageManager")
      .describe("Who answers what other services ask of image."),
    web: objectPath().default("@kilonova/image#ImageWeb").describe("The Image API."),
    store: objectPath("image-store").default("@kilonova/image#FileStore").describe("Keeps the bytes of images."),
    fileStorePath: z
      .string()
      .min(1)
      .default("images")
      .describe("The folder of the file store; a relative one lies in the configuration's folder."),
    maxSizeGb: z
      .number()
      .positive()
      .max(1_000_000)
      .default(1_024)
      .describe("GiB that an image may have at most; a longer upload is refused and leaves nothing."),
    publicEndpoint: z
      .string()
      .regex(/^https?:\/\/[^/?#\s]+(?:\/[^?#\s]*)?$/, "expected a URL such as http://192.0.2.10:8774")
      .default("http://127.0.0.1:8774")
      .describe("How users and computes reach the listener that carries the Image API, without /image."),
    ticketLifetime: duration("10m").describe("How long a compute may take from asking for an image to fetching it."),
  }),
);

export type ImageOptions = Options<typeof imageOptions>;
