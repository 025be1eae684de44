import { isDeepStrictEqual } from "node:util";
import { ConfigurationError, type ConfigurationProblem, isConfigurationError } from "@kilonova/config";
import type { CommandWorld } from "../command-world.js";
import { EXIT_USAGE } from "../terminal.js";
import { type WholeConfiguration, wholeConfiguration } from "./whole-configuration.js";

/** What a check found. */
interface Findings {
  readonly files: readonly string[];
  readonly problems: readonly ConfigurationProblem[];
  /** Plugins and paths that lead to nothing that could be loaded. */
  readonly failures: readonly string[];
  /** What works and should be mended all the same: old names, secrets on the command line. */
  readonly warnings: readonly string[];
}

/** Checks all that a cloud would read, and says everything that is wrong with it in one go. */
export async function checkConfiguration({ argv, terminal, endWith }: CommandWorld, asJson: boolean): Promise<void> {
  const findings = await findingsOf(argv);
  const isRight = findings.problems.length + findings.failures.length === 0;
  if (!isRight) endWith(EXIT_USAGE);
  if (asJson) return terminal.print(JSON.stringify(findings, null, 2));
  for (const warning of findings.warnings) terminal.progress(`Warning: ${warning}`);
  for (const failure of findings.failures) terminal.progress(`kilonova: ${failure}`);
  if (findings.problems.length > 0) terminal.progress(new ConfigurationError("kilonova", findings.problems).message);
  if (isRight) terminal.print(`Nothing is wrong in ${findings.files.join(", ") || "the options; there is no file"}.`);
}

async function findingsOf(argv: readonly string[]): Promise<Findings> {
  let whole: WholeConfiguration;
  try {
    whole = await wholeConfiguration(argv);
  } catch (error) {
    if (!isConfigurationError(error)) throw error;
    return { files: [], problems: error.problems, failures: [], warnings: [] };
  }
  const { configuration, failures } = whole;
  const problems = checkedProblems(whole);
  return { files: configuration.files, problems, failures, warnings: configuration.warnings };
}

/**
 * Where modules were not asked for the groups they declare, a group that nobody knows may be one of these; unless its name
 * is nearly that of another.
 */
function checkedProblems({ configuration, obstacles }: WholeConfiguration): readonly ConfigurationProblem[] {
  const problems = configuration.problems();
  if (obstacles.length === 0) return problems;
  const sure = problems.filter(({ option, suggestion }) => option.includes(".") || suggestion !== undefined);
  const others = obstacles.filter((obstacle) => !sure.some((problem) => isDeepStrictEqual(problem, obstacle)));
  return [...sure, ...others];
}
