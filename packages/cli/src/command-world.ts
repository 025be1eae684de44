import type { Terminal } from "./terminal.js";

/** What every command gets. */
export interface CommandWorld {
  readonly terminal: Terminal;
  /** The whole command line: the configuration is read from it again, with what the command adds. */
  readonly argv: readonly string[];
}
