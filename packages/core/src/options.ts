import { hostname } from "node:os";
import { duration, objectPath, optionGroup } from "@kilonova/config";
import { z } from "zod";

/** Options of every service. */
export const serviceOptions = optionGroup(
  "service",
  z.object({
    host: z
      .string()
      .min(1)
      .max(255)
      .default(hostname())
      .describe("The name of this host: what services here are called by."),
    reportInterval: duration("10s").describe("How often a service reports that it lives."),
    downTime: duration("60s").describe("A service that has not reported for so long counts as down."),
    gracefulShutdownTimeout: duration("60s").describe(
      "How long work that runs may take to end after SIGTERM, before the host is cleaned up.",
    ),
    state: z
      .enum(["auto", "conductor", "memory"])
      .default("auto")
      .describe(
        "Where a process without a database keeps service records and locks: with a conductor, or, for a service that stands by itself, in memory. `auto`: in memory over the memory transport, else with a conductor.",
      ),
  }),
);

/** The membership of services. */
export const servicegroupOptions = optionGroup(
  "servicegroup",
  z.object({
    driver: objectPath().default("@kilonova/core#RecordServiceGroup").describe("Who knows which services live."),
  }),
);

/** How processes talk to one another. */
export const transportOptions = optionGroup(
  "transport",
  z.object({
    driver: objectPath()
      .default("@kilonova/messaging#MemoryTransport")
      .describe("What carries messages: the memory of this one process, or a broker."),
    concurrency: z
      .number()
      .int()
      .positive()
      .default(64)
      .describe("How many messages a service works on at the same time."),
  }),
);

/** Hooks that enter by configuration. */
export const hooksOptions = optionGroup(
  "hooks",
  z.object({
    use: z
      .array(
        z.object({
          point: z.string().min(1),
          hook: objectPath(),
          order: z.number().int().optional(),
          failure: z.enum(["open", "closed"]).optional(),
          timeLimit: duration("5s"),
        }),
      )
      .default([])
      .describe("Hooks by their points, in addition to those that plugins bring."),
    disabled: z.array(z.string()).default([]).describe("Hooks that do not run, by class name or object path."),
  }),
);

/** Logs. */
export const logOptions = optionGroup(
  "log",
  z.object({
    level: z
      .enum(["debug", "info", "warn", "error", "silent"])
      .default("info")
      .meta({ mutable: true })
      .describe("The lowest level that is written."),
    file: z
      .string()
      .optional()
      .describe("The file that log lines are appended to; standard error where there is none."),
  }),
);
