import type { Options } from "@kilonova/config";
import type { LogFields, Logger } from "@kilonova/plugin-api";
import { trace } from "@opentelemetry/api";
import { destination, type Logger as PinoLogger, pino } from "pino";
import type { logOptions } from "./options.js";

/** Structured logs, a JSON object a line, to a file or standard error. */
export interface ProcessLogger extends Logger {
  setLevel(level: string): void;
  /** Writes out what is pending. */
  flush(): void;
}

const SECRETS = [
  "token",
  "password",
  "secret",
  "ticket",
  "authorization",
  "*.token",
  "*.password",
  "*.secret",
  "*.authorization",
];

/** Makes the logger of a process. */
export function processLogger({ level, file }: Options<typeof logOptions>, fields: LogFields): ProcessLogger {
  const sink = destination({
    ...(file === undefined ? { dest: 2 } : { dest: file, mkdir: true, mode: 0o600 }),
    sync: true,
  });
  const root = pino(
    { level, redact: SECRETS, base: fields, timestamp: pino.stdTimeFunctions.isoTime, mixin: traceFields },
    sink,
  );
  return {
    ...loggerOf(root),
    setLevel: (wanted) => {
      root.level = wanted;
    },
    flush: () => root.flush(),
  };
}

/** Leads from a line to the trace that it was written in. */
function traceFields(): object {
  const traceId = trace.getActiveSpan()?.spanContext().traceId;
  return traceId === undefined ? {} : { traceId };
}

function loggerOf(logger: PinoLogger): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => loggerOf(logger.child(fields)),
  };
}
