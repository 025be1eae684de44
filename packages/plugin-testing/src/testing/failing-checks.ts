import type { ContractCheck } from "../contract-check.js";

/** The checks that fail, with the first line of why, in the suite's order. For tests of suites. */
export async function failingChecks(
  suite: readonly ContractCheck[],
): Promise<readonly { readonly name: string; readonly why: string }[]> {
  const outcomes = suite.map(({ name, run }) =>
    run().then(
      () => [],
      (error: unknown) => [{ name, why: (error as Error).message.split("\n")[0] ?? "" }],
    ),
  );
  return (await Promise.all(outcomes)).flat();
}

/** The names of the checks that fail. */
export async function failingNames(suite: readonly ContractCheck[]): Promise<readonly string[]> {
  return (await failingChecks(suite)).map(({ name }) => name);
}
