import type { ContractCheck } from "./contract-check.js";

/** Checks that need nothing made ready for them, by what they are called. */
export function plainChecks(table: Readonly<Record<string, () => void>>): readonly ContractCheck[] {
  return Object.entries(table).map(([name, check]) => ({ name, run: async () => check() }));
}
