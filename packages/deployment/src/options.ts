import { optionGroup, pemFile, tlsServerFiles } from "@kilonova/config";
import { z } from "zod";

/** Where the web services of a process listen, and how users reach them. */
export const httpOptions = optionGroup(
  "http",
  z.object({
    host: z.string().min(1).default("127.0.0.1").describe("The address that web services listen on."),
    port: z.number().int().min(0).max(65_535).default(8774).describe("The port that they listen on; 0: any free one."),
    ...tlsServerFiles("what listens there"),
    sslCaFile: pemFile(
      "Certificates of the authorities that sslCertFile may be from: with `kilonova up`, what its own clients trust, and what its clouds.yaml tells users to.",
    ),
    publicEndpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("How users reach the web services of this process; by host and port where nothing is said."),
    identityEndpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        "Where users get a token, for the answers to those who have none: https://cloud.example.org/identity/v3.",
      ),
  }),
);
