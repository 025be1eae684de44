import { isConfigurationError } from "@kilonova/config";
import { isKilonovaError, messageOf } from "@kilonova/messaging";
import { EXIT_FAILURE, EXIT_USAGE } from "./terminal.js";

/** What a failure means to the caller: one message, no stack unless it is a bug. */
export function explainFailure(error: unknown): { readonly message: string; readonly exitCode: number } {
  // It names the program by itself.
  if (isConfigurationError(error)) return { message: error.message, exitCode: EXIT_USAGE };
  const isExpected = isKilonovaError(error) && error.code !== "internal";
  const stack = error instanceof Error && !isExpected ? error.stack : undefined;
  return { message: `kilonova: ${stack ?? messageOf(error)}`, exitCode: EXIT_FAILURE };
}
