#!/usr/bin/env node
import { run } from "./program.js";
import { explainFailure, processTerminal } from "./terminal.js";

try {
  process.exitCode = await run(process.argv.slice(2), processTerminal);
} catch (error) {
  const { message, exitCode } = explainFailure(error);
  processTerminal.progress(message);
  process.exitCode = exitCode;
}
