import type { Terminal } from "./terminal.js";

/** What every command gets. */
export interface CommandWorld {
  readonly terminal: Terminal;
  /** The whole command line: the configuration is read from it again, with what the command adds. */
  readonly argv: readonly string[];
  /** For a command that ran to its end and found something wrong: the exit code in place of 0. */
  endWith(exitCode: number): void;
}
