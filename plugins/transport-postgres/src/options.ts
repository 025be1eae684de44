import {
  contradictsSslMode,
  duration,
  hasPlainSslMode,
  type Options,
  optionGroup,
  PLAIN_SSL_MODE,
  tlsClientFiles,
} from "@kilonova/config";
import { z } from "zod";

function isDatabaseUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text) && new URL(text).pathname.length > 1;
}

/** The options of this transport. */
export const transportPostgresOptions = optionGroup(
  "transportPostgres",
  z
    .object({
      url: z
        .string()
        .refine(isDatabaseUrl, "expected postgresql://user:password@host:port/name")
        .refine(hasPlainSslMode, PLAIN_SSL_MODE)
        .default("postgresql://kilonova@127.0.0.1:5432/kilonova")
        .meta({
          secret: true,
          title: "postgresql://user:password@host:port/name",
          description: "The database that carries messages, with user and password; no pooler that changes sessions.",
        }),
      ...tlsClientFiles("PostgreSQL"),
      connectTimeout: duration("10s").describe("How long a process waits at its start for PostgreSQL to be reached."),
      sendTimeout: duration("30s").describe(
        "How long a call, or a cast that is not committed, waits for a lost connection to come back.",
      ),
      poolSize: z
        .int()
        .min(1)
        .max(100)
        .default(4)
        .describe("Connections that a process opens at most, beside the one on which it listens."),
    })
    .refine((options) => !contradictsSslMode(options), {
      path: ["url"],
      error: "expected an address without sslmode=disable, as files of TLS are set",
    }),
);

export type TransportPostgresOptions = Options<typeof transportPostgresOptions>;
