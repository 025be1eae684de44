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

/** Where the database is. Declared by whoever opens connections: the deployment, and `kilonova db`. */
export const databaseOptions = optionGroup(
  "database",
  z
    .object({
      url: z
        .string()
        .regex(/^postgres(ql)?:\/\//, "expected postgresql://user:password@host:port/name")
        .refine(hasPlainSslMode, PLAIN_SSL_MODE)
        .optional()
        .describe(
          "Address of the PostgreSQL, postgresql://user:password@host:port/name; none: an embedded one is started.",
        )
        .meta({ secret: true, title: "postgresql://user:password@host:port/name" }),
      ...tlsClientFiles("PostgreSQL"),
      rolePasswords: z
        .record(z.string(), z.string())
        .default({})
        .describe(
          "Password of each owner's role by owner (identity, image, placement, network, compute), as `db migrate` made them; for an owner without one the user of the url is taken.",
        )
        .meta({ secret: true }),
      poolSize: z
        .number()
        .int()
        .min(1)
        .max(500)
        .default(10)
        .describe("Connections that each owner's pool opens at most."),
      connectTimeout: duration("10s").describe(
        "How long to wait for a connection before the database counts as unreachable.",
      ),
      statementTimeout: duration("30s").describe("A statement that takes longer is cancelled; 0: never."),
    })
    .refine((options) => !contradictsSslMode(options), {
      path: ["url"],
      error: "expected an address without sslmode=disable, as files of TLS are set",
    }),
);

export type DatabaseOptions = Options<typeof databaseOptions>;
