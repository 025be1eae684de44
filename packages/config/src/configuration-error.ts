/** One thing that is wrong with the configuration, ready to be shown to the operator. */
export interface ConfigurationProblem {
  /** `group.option`, deeper for a part of its value; the group or the file where no option is at fault. */
  readonly option: string;
  /** Where the value stands: `FILE:LINE`, the environment variable, the flag on the command line, "nowhere". */
  readonly place: string;
  readonly expected: string;
  /** What stands there, shortened; a secret is masked. */
  readonly received: string;
  /** The name that was probably meant. */
  readonly suggestion?: string;
}

/**
 * The configuration can't be used; the message lists every problem, one a line. Known by `isConfigurationError`, for there
 * may be several copies of this class in a process.
 */
export class ConfigurationError extends Error {
  readonly code = "config.invalid";
  readonly problems: readonly ConfigurationProblem[];

  constructor(program: string, problems: readonly ConfigurationProblem[]) {
    const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    super([`${program}: ${count} in the configuration`, ...problems.map(problemText)].join("\n  "));
    this.name = "ConfigurationError";
    this.problems = problems;
  }
}

/** True for a {@link ConfigurationError} of any copy of this package. */
export function isConfigurationError(error: unknown): error is ConfigurationError {
  return error instanceof Error && "code" in error && error.code === "config.invalid" && "problems" in error;
}

function problemText({ option, place, expected, received, suggestion }: ConfigurationProblem): string {
  const hint = suggestion === undefined ? "" : `; did you mean ${suggestion}?`;
  return `${option} (${place}): expected ${expected}, received ${received}${hint}`;
}
