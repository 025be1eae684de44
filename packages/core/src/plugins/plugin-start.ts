import type { Options } from "@kilonova/config";
import { messageOf } from "@kilonova/messaging";
import { type Logger, silentLogger } from "@kilonova/plugin-api";
import { pluginsOptions } from "../options.js";
import { exitCodeOf } from "../process/exit-code.js";

/** What a process does where a plugin cannot be started: it ends, goes on with a warning, or counts as degraded. */
export type StartPolicy = "abort" | "continue" | "degraded";

/** A plugin that a process has to do without, and that it misses. */
export interface Degradation {
  /** The name of the package, or the file that an object path names. */
  readonly plugin: string;
  /** A sentence that says what is wrong. */
  readonly problem: string;
}

/**
 * What the operator says about the start of plugins, by option group `plugins`, and which were left out by it. Names are
 * those by which the operator may mean one plugin: its package's, and the file or package of its object path.
 */
export class PluginStart {
  readonly #degradations: Degradation[] = [];
  #onDegradation: (degradation: Degradation) => void = () => {};
  readonly #told = new Set<string>();

  constructor(
    private readonly options: Options<typeof pluginsOptions> = pluginsOptions.schema.parse({}),
    private readonly logger: Logger = silentLogger,
  ) {}

  /** The plugins that the process counts as degraded without. */
  get degradations(): readonly Degradation[] {
    return [...this.#degradations];
  }

  /** Tells of those that there are, and of each that comes. */
  tellDegradations(listener: (degradation: Degradation) => void): void {
    this.#onDegradation = listener;
    this.#degradations.forEach(listener);
  }

  /** Milliseconds for the loading, or for the making, of a plugin. */
  timeLimitOf(names: readonly string[]): number {
    return this.#ruleOf(names)?.timeLimit ?? this.options.startTimeLimit;
  }

  /**
   * True where the process goes on without a plugin that failed: then it has been said, once. A mistake in the options
   * is never gone on with: who made it is there to mend it.
   *
   * @param preset the policy where the operator names none
   */
  goesOnWithout(names: readonly string[], error: unknown, preset: StartPolicy): boolean {
    const policy = this.#ruleOf(names)?.policy ?? preset;
    if (policy === "abort" || exitCodeOf(error) === 2) return false;
    const problem = messageOf(error);
    if (this.#told.has(problem)) return true;
    this.#told.add(problem);
    const plugin = names[0] ?? "";
    if (policy === "continue") {
      this.logger.warn({ plugin, error: problem }, "a plugin cannot be used; going on without it");
      return true;
    }
    this.#degradations.push({ plugin, problem });
    this.logger.error({ plugin, error: problem }, "a plugin cannot be used; going on without it, degraded");
    this.#onDegradation({ plugin, problem });
    return true;
  }

  #ruleOf(names: readonly string[]) {
    const name = names.find((each) => Object.hasOwn(this.options.start, each));
    return name === undefined ? undefined : this.options.start[name];
  }
}
