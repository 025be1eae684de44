import type { LogFields, Logger } from "@kilonova/plugin-api";

/** A line as a test sees it. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly fields: LogFields;
  readonly message: string;
}

/** Keeps what is logged. */
export function recordingLogger(lines: LogLine[], own: LogFields = {}): Logger {
  const write = (level: LogLine["level"]) => (fields: LogFields, message: string) => {
    lines.push({ level, fields: { ...own, ...fields }, message });
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => recordingLogger(lines, { ...own, ...fields }),
  };
}
