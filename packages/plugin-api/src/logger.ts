import { token } from "./token.js";

/** Facts of a log line. Never secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logs: facts, then a sentence. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger whose every line carries these facts as well. */
  child(fields: LogFields): Logger;
}

export const LOGGER = token<Logger>("logger");

/** Swallows everything. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
