/**
 * One thing that a port promises, ready to be run by any test runner:
 *
 * @example
 * for (const check of transportSuite(makeTransports)) it(check.name, check.run);
 */
export interface ContractCheck {
  /** The promise, as a sentence. */
  readonly name: string;
  /** Rejects with an `AssertionError` where the promise is broken. Checks don't depend on one another. */
  readonly run: () => Promise<void>;
}
