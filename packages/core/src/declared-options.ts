import { type Configuration, ConfigurationError, variableOf } from "@kilonova/config";

/**
 * Holds that what is written for the groups that this process declares is right: values and names. Groups that it does
 * not know may be another's, who shares the file.
 *
 * @throws ConfigurationError with every problem there is
 */
export function checkDeclaredOptions(configuration: Configuration): void {
  const declared = new Set(configuration.groups().map(({ name }) => name));
  const variables = [...declared].map((group) => variableOf(group, ""));
  const problems = configuration.problems().filter(({ option }) => {
    const [group = option, ...rest] = option.split(".");
    return (rest.length > 0 && declared.has(group)) || variables.some((variable) => option.startsWith(variable));
  });
  if (problems.length > 0) throw new ConfigurationError(configuration.program, problems);
}
