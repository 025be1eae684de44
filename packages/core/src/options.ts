import { hostname } from "node:os";
import { type Duration, duration, milliseconds, objectPath, optionGroup } from "@kilonova/config";
import { isVersion, TOPIC } from "@kilonova/messaging";
import { z } from "zod";
import { adminAddress } from "./admin/admin-address.js";

/** A length of time between two others: what is waited for again and again must not be nothing, nor more than a timer can. */
function durationWithin(preset: Duration, from: Duration, to: Duration) {
  return within(duration(preset), from, to);
}

function within<Schema extends z.ZodType<number>>(schema: Schema, from: Duration, to: Duration): Schema {
  const title = `duration from ${from} to ${to}`;
  return schema
    .refine((value) => value >= milliseconds(from) && value <= milliseconds(to), `expected a ${title}`)
    .meta({ title });
}

/** Options of every service. */
export const serviceOptions = optionGroup(
  "service",
  z.object({
    host: z
      .string()
      .min(1)
      .max(255)
      .default(hostname())
      .meta({ defaultText: "the name of the machine" })
      .describe("The name of this host: what services here are called by."),
    reportInterval: durationWithin("10s", "100ms", "1d").describe("How often a service reports that it lives."),
    downTime: durationWithin("60s", "100ms", "7d").describe(
      "A service that has not reported for so long counts as down.",
    ),
    periodicInterval: durationWithin("60s", "100ms", "1d").describe(
      "The longest time between two rounds in which a service looks for periodic tasks that are due.",
    ),
    gracefulShutdownTimeout: durationWithin("60s", "0s", "1d").describe(
      "How long work that runs may take to end after SIGTERM, before the host is cleaned up.",
    ),
    workers: z
      .number()
      .int()
      .min(1)
      .max(1_024)
      .default(1)
      .describe(
        "How many processes serve at the same time, under one that watches over them; more than one needs a broker.",
      ),
    upgradeLevels: z
      .record(
        z.string(),
        z.union([z.literal("auto"), z.string().refine(isVersion, "expected a version such as 1.4, or auto")]),
      )
      .default({})
      .refine(
        ({ framework }) => framework !== "auto",
        "expected a version for framework: what `auto` is read by goes through it",
      )
      .meta({ mutable: true })
      .describe(
        "The newest version that may be sent, by contract, while services of two releases run side by side: a version, or `auto`, the lowest that a living service of its topic answers, read when it is first needed and again after SIGHUP. A contract that is not named is sent in this release's version.",
      ),
    loopLagLimit: duration("1s")
      .refine((value) => value === 0 || (value >= milliseconds("100ms") && value <= milliseconds("1h")))
      .meta({ title: "duration from 100ms to 1h, or 0" })
      .describe(
        "A process whose event loop is blocked for longer says in its log which function does it; 0: nobody watches.",
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
    driver: objectPath("servicegroup-driver")
      .default("@kilonova/core#RecordServiceGroup")
      .describe("Who knows which services live."),
  }),
);

/** How processes talk to one another. */
export const transportOptions = optionGroup(
  "transport",
  z.object({
    driver: objectPath("transport")
      .default("@kilonova/messaging#MemoryTransport")
      .describe("What carries messages: the memory of this one process, or a broker."),
    concurrency: z
      .number()
      .int()
      .positive()
      .default(64)
      .describe("How many messages a service works on at the same time."),
    concurrencyOf: z
      .record(z.string().regex(TOPIC), z.number().int().positive().max(10_000))
      .default({})
      .describe(
        "The same for single services, by their topics: few where each message is much work. A broker hands a process no more than it works on.",
      ),
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
          hook: objectPath("hook"),
          order: z.number().int().optional(),
          failure: z.enum(["open", "closed"]).optional(),
          timeLimit: durationWithin("5s", "1ms", "1h"),
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

/** What whoever watches over a process asks it. */
export const adminOptions = optionGroup(
  "admin",
  z.object({
    listen: z
      .string()
      .refine((text) => adminAddress(text) !== undefined, "expected a port, an address with its port, or a path from /")
      .optional()
      .describe(
        "Where this process answers /metrics, /healthz and /readyz, to anybody who asks: a port of 127.0.0.1, an address with its port, or the path of a unix socket. The second of several workers has the next port, or the path with .2. Without it the process does not listen, and measures nothing.",
      ),
  }),
);

/** Traces, by OpenTelemetry. */
export const tracingOptions = optionGroup(
  "tracing",
  z.object({
    exporter: objectPath()
      .optional()
      .describe(
        "Where spans go: an exporter of OpenTelemetry's, by its package and class, which takes its own settings from the environment. Without one there are no traces.",
      ),
    ratio: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe(
        "How many of the traces that begin here are kept, from 0 to 1. One that began elsewhere is kept as it was decided there.",
      ),
  }),
);

/** Where it is told what happens in the cloud. */
export const notificationsOptions = optionGroup(
  "notifications",
  z.object({
    notifiers: z
      .array(objectPath("notifier"))
      .default([])
      .describe("Who takes notifications out of the cloud, in addition to topics."),
    topics: z
      .array(z.string().regex(TOPIC, "expected a letter in lower case, then letters, digits, - and _, 63 at most"))
      .default([])
      .describe(
        "Topics to which notifications are cast. Name one only where a service listens on it: what is cast waits, with the broker or in memory, until somebody takes it.",
      ),
    timeLimit: durationWithin("10s", "1ms", "1h").describe("How long the delivery of one notification may take."),
    queueSize: z
      .number()
      .int()
      .positive()
      .max(1_000_000)
      .default(1_000)
      .describe("How many notifications may wait for one notifier; those that come then are dropped, and counted."),
  }),
);

/** How long a plugin may take to start, and what a process does without one that does not. */
export const pluginsOptions = optionGroup(
  "plugins",
  z.object({
    startTimeLimit: durationWithin("30s", "1ms", "1h").describe(
      "How long the loading of one plugin, or the making of it, may take.",
    ),
    start: z
      .record(
        z.string(),
        z.object({
          policy: z.enum(["abort", "continue", "degraded"]).optional(),
          timeLimit: within(duration("30s").unwrap(), "1ms", "1h").optional(),
        }),
      )
      .default({})
      .describe(
        "By the name of a package, or the file of an object path: what is done where the plugin cannot be started, and how long that may take. abort: the process ends. continue: it goes on without, and warns. degraded: it goes on without, and counts as degraded. What an option names alone, as a driver, always aborts.",
      ),
  }),
);
