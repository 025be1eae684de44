import { type Configuration, isConfigurationError, type OptionGroup } from "@kilonova/config";
import type { Logger } from "@kilonova/plugin-api";
import { logOptions } from "./options.js";

/** Logs what the options of a process are, each group once: those of what is loaded later follow when it is there. */
export class OptionDump {
  readonly #groups = new Set<string>();
  readonly #warnings = new Set<string>();

  constructor(
    private readonly configuration: Configuration,
    private readonly logger: Logger,
  ) {}

  /**
   * Warns of old names in use and of secrets in bad places. Then logs every option with its value and where it comes from,
   * secrets masked, where debug lines are written at all. Wrong values are left to the checks, which name them.
   */
  write(): void {
    // Looking for problems gathers the warnings of groups that nobody has asked for yet.
    this.configuration.problems();
    for (const warning of this.configuration.warnings) this.#warn(warning);
    if (this.configuration.get(logOptions).level !== "debug") return;
    for (const group of this.configuration.groups()) this.#dump(group);
  }

  #warn(warning: string): void {
    if (!this.#warnings.has(warning)) this.logger.warn({}, warning);
    this.#warnings.add(warning);
  }

  #dump(group: OptionGroup): void {
    if (this.#groups.has(group.name)) return;
    this.#groups.add(group.name);
    try {
      const dumped = this.configuration.dump([group]);
      for (const { option, value, origin } of dumped) this.logger.debug({ option, value, origin }, "an option");
    } catch (error) {
      if (!isConfigurationError(error)) throw error;
      this.logger.debug({ group: group.name }, "options are not listed, for some are wrong");
    }
  }
}
