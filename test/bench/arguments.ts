import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface BenchArguments<Bench, Case> {
  readonly benchmarks: readonly Bench[];
  readonly cases: readonly Case[];
  /** The file for the results as JSON. */
  readonly json: string | undefined;
}

/** A command line that makes no sense; the message says what does. */
export class UsageError extends Error {}

/**
 * Reads `[NAME…] [--case NAME] [--json FILE]`; all benchmarks and all cases where none is named.
 *
 * @throws UsageError
 */
export function readArguments<Bench extends { readonly name: string }, Case extends { readonly name: string }>(
  argv: readonly string[],
  benchmarks: readonly Bench[],
  cases: readonly Case[],
): BenchArguments<Bench, Case> {
  const { values, positionals } = parse(argv);
  return {
    benchmarks: chosen("benchmark", benchmarks, positionals),
    cases: chosen("case", cases, values.case ?? []),
    json: values.json,
  };
}

function parse(argv: readonly string[]) {
  const options = { json: { type: "string" }, case: { type: "string", multiple: true } } as const;
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${message}\nusage: npm run bench [-- NAME… --case NAME --json FILE]`);
  }
}

function chosen<Named extends { readonly name: string }>(
  kind: string,
  all: readonly Named[],
  names: readonly string[],
): readonly Named[] {
  const known = all.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`there is no ${kind} "${unknown}": ${known.join(", ")}`);
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}
