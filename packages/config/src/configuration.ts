import { isDeepStrictEqual } from "node:util";
import { ConfigurationError, type ConfigurationProblem } from "./configuration-error.js";
import { type Choices, chooseValues, parseValues } from "./group-values.js";
import { unknownName } from "./issue-problem.js";
import { groupSchema, optionSchema, splitName } from "./json-schema.js";
import { keyIn, type Layer, type Origin, originText } from "./layer.js";
import { shownValue } from "./masked-value.js";
import type { OptionGroup, Options } from "./option-group.js";
import { metadataOf } from "./option-metadata.js";
import { unknownNames } from "./unknown-names.js";

/** What a configuration is made of; `loadConfiguration` gathers it. */
export interface ConfigurationSources {
  readonly program: string;
  readonly baseDirectory: string;
  readonly files: readonly string[];
  readonly rest: readonly string[];
  readonly layers: readonly Layer[];
  /** Reads the files again; the other layers stay. Throws ConfigurationError where a file can't be used. */
  readonly readAgain: () => Promise<readonly Layer[]>;
}

/** An option got by its name. */
export interface FoundOption {
  readonly group: OptionGroup;
  readonly option: string;
  readonly value: unknown;
  readonly origin: Origin;
}

/** A line of the dump. */
export interface DumpedOption {
  /** `group.option` */
  readonly option: string;
  /** As JSON, the way an operator would write it; secrets masked. */
  readonly value: string;
  readonly origin: string;
}

/** What a reload did, by `group.option`. */
export interface ReloadResult {
  readonly changed: readonly string[];
  /** Changed in the file, but in force only after a restart. */
  readonly ignored: readonly string[];
}

/** Told after a reload: the group's new values and the names of the options that changed. */
export type ChangeListener<Group extends OptionGroup> = (options: Options<Group>, changed: readonly string[]) => void;

interface GroupState {
  readonly choices: Choices;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * The options of one process: a plain value handed to whoever needs it, never a global. Groups may be registered at any
 * time; each is checked when first asked for, all of them and the names nobody declared by `check`.
 */
export class Configuration {
  /** The name of the running program, as messages show it. */
  readonly program: string;
  /** The folder of the (first) configuration file, the working folder without one: object paths and relative paths start here. */
  readonly baseDirectory: string;
  /** The files in use, later ones win. */
  readonly files: readonly string[];
  /** The arguments of the command line that are no options: subcommands, positional arguments, other flags. */
  readonly rest: readonly string[];

  readonly #readAgain: ConfigurationSources["readAgain"];
  readonly #groups = new Map<string, OptionGroup>();
  readonly #states = new Map<string, GroupState>();
  readonly #warnings = new Set<string>();
  readonly #listeners = new Map<string, Set<ChangeListener<OptionGroup>>>();
  #layers: readonly Layer[];
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(sources: ConfigurationSources) {
    this.program = sources.program;
    this.baseDirectory = sources.baseDirectory;
    this.files = sources.files;
    this.rest = sources.rest;
    this.#layers = sources.layers;
    this.#readAgain = sources.readAgain;
  }

  /** What operators should know, in words: old names in use, secrets in bad places, changes that need a restart. */
  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /**
   * Declares groups, so that help, dump and check know them. The same group again is fine, also from a second copy of
   * its package.
   *
   * @throws ConfigurationError when a different group of that name is there already.
   */
  register(...groups: readonly OptionGroup[]): void {
    for (const group of groups) {
      const known = this.#groups.get(group.name);
      if (known && !isSameGroup(known, group)) throw new ConfigurationError(this.program, [clash(known, group)]);
      if (!known) this.#groups.set(group.name, group);
    }
  }

  /** The registered groups, in the order of registration. */
  groups(): readonly OptionGroup[] {
    return [...this.#groups.values()];
  }

  /**
   * The values of a group, which is registered by it; frozen, and the same object until a reload changes it.
   *
   * @throws ConfigurationError with all that is wrong in the registered groups, when something is in this one.
   */
  get<Group extends OptionGroup>(group: Group): Options<Group> {
    this.register(group);
    // The group's own schema, or one equal to it, made these values.
    return this.#stateOf(group.name).values as Options<Group>;
  }

  /**
   * An option by the name `group.option`, of any registered group.
   *
   * @throws ConfigurationError when no registered group has it, or its group's values are wrong.
   */
  lookUp(name: string): FoundOption {
    const [groupName, option] = splitName(name);
    const group = this.#groups.get(groupName);
    if (!group || !Object.hasOwn(group.schema.shape, option)) {
      const known = this.groups().flatMap((each) => Object.keys(each.schema.shape).map((key) => `${each.name}.${key}`));
      throw new ConfigurationError(this.program, [unknownName(name, "asked for by name", "", name, known)]);
    }
    const { values, choices } = this.#stateOf(groupName);
    return { group, option, value: values[option], origin: choices.get(option)?.origin ?? { from: "default" } };
  }

  /**
   * Every option of the registered groups, in the order of registration. The values are the real ones: what is shown to
   * people is `dump`.
   *
   * @throws ConfigurationError when a group's values are wrong.
   */
  *[Symbol.iterator](): IterableIterator<FoundOption> {
    for (const group of this.groups()) {
      const { values, choices } = this.#stateOf(group.name);
      for (const option of Object.keys(group.schema.shape)) {
        yield { group, option, value: values[option], origin: choices.get(option)?.origin ?? { from: "default" } };
      }
    }
  }

  /**
   * The text that was written for an option, whether or not its group is registered: how a service's manager is found
   * before anything of its package is loaded. Undefined where nobody wrote one.
   */
  writtenText(name: string): string | undefined {
    const [group, option] = splitName(name);
    const entries = this.#layers.map((layer) => layer.entries.get(keyIn(layer, group, option)));
    const entry = entries.findLast((found) => found !== undefined);
    const value = entry && ("texts" in entry ? entry.texts.at(-1) : entry.value);
    return typeof value === "string" ? value : undefined;
  }

  /**
   * All that is wrong: values of registered groups, and names that no registered group declares. What is merely odd in
   * these groups is among the `warnings` after that.
   */
  problems(): readonly ConfigurationProblem[] {
    const warn = (text: string) => this.#warnings.add(text);
    const wrong = this.groups().flatMap((group) => this.#problemsOf(group, this.#layers, warn));
    return [...wrong, ...unknownNames(this.#layers, this.#groups)];
  }

  /**
   * To be called once every group of the process, plugins' included, is registered.
   *
   * @throws ConfigurationError with every problem there is.
   */
  check(): void {
    const problems = this.problems();
    if (problems.length > 0) throw new ConfigurationError(this.program, problems);
  }

  /**
   * Every option of the groups, of all that are registered where none are named, with its value and where it comes from,
   * secrets masked.
   *
   * @throws ConfigurationError when a group's values are wrong.
   */
  dump(groups: readonly OptionGroup[] = this.groups()): readonly DumpedOption[] {
    return groups.flatMap((group) => {
      const { choices } = this.#stateOf(group.name);
      const schema = groupSchema(group);
      return Object.entries(group.schema.shape).map(([option, type]) => {
        const choice = choices.get(option);
        const input = choice ? choice.input : optionSchema(schema, option).default;
        const origin = originText(choice?.origin ?? { from: "default" });
        return { option: `${group.name}.${option}`, value: shownValue(type, input), origin };
      });
    });
  }

  /**
   * Reads the files again and puts changes of `mutable` options into force; other changes become warnings. Then the
   * listeners of the groups that changed are told. All or nothing: where the new files have problems, nothing changes.
   *
   * @throws ConfigurationError with every problem of the new files.
   * @throws AggregateError when listeners threw; the others were told all the same, and the changes hold.
   */
  reload(): Promise<ReloadResult> {
    const result = this.#reloading.then(() => this.#reload());
    this.#reloading = result.catch(() => undefined);
    return result;
  }

  /** Registers the group and tells the listener of its changes from now on; the returned function ends that. */
  onChange<Group extends OptionGroup>(group: Group, listener: ChangeListener<Group>): () => void {
    this.register(group);
    const told: ChangeListener<OptionGroup> = (_, changed) => listener(this.get(group), changed);
    const listeners = this.#listeners.get(group.name) ?? new Set();
    this.#listeners.set(group.name, listeners.add(told));
    return () => listeners.delete(told);
  }

  async #reload(): Promise<ReloadResult> {
    for (const name of this.#groups.keys()) this.#stateOf(name);
    const layers = await this.#readAgain();
    const wrong = this.groups().flatMap((group) => this.#problemsOf(group, layers));
    // Names that were unknown before are another program's, who shares the file, or else there would be no process.
    const before = new Set(unknownNames(this.#layers, this.#groups).map(({ option }) => option));
    const strangers = unknownNames(layers, this.#groups).filter(({ option }) => !before.has(option));
    const problems = [...wrong, ...strangers];
    if (problems.length > 0) throw new ConfigurationError(this.program, problems);
    const changes = this.groups().map((group) => this.#changeOf(group, layers));
    this.#layers = layers;
    for (const { group, state } of changes) this.#states.set(group.name, state);
    const ignored = changes.flatMap((change) => change.ignored);
    for (const name of ignored) this.#warnings.add(`${name} has changed and takes effect only after a restart`);
    this.#tellListeners(changes);
    const changed = changes.flatMap((change) => change.changed.map((option) => `${change.group.name}.${option}`));
    return { changed, ignored };
  }

  /** The group's state under new layers, in which only mutable options differ from the present one. */
  #changeOf(group: OptionGroup, layers: readonly Layer[]) {
    const present = this.#stateOf(group.name);
    const wanted = this.#parse(
      group,
      chooseValues(group, layers, (text) => this.#warnings.add(text)),
    );
    const choices = new Map(present.choices);
    const changed: string[] = [];
    const ignored: string[] = [];
    for (const [option, type] of Object.entries(group.schema.shape)) {
      const isChanged = !isDeepStrictEqual(present.values[option], wanted.values[option]);
      if (isChanged && !metadataOf(type).mutable) {
        ignored.push(`${group.name}.${option}`);
        continue;
      }
      const choice = wanted.choices.get(option);
      if (choice) choices.set(option, choice);
      else choices.delete(option);
      if (isChanged) changed.push(option);
    }
    const state = changed.length > 0 ? this.#parse(group, choices) : { choices, values: present.values };
    return { group, state, changed, ignored };
  }

  #tellListeners(changes: readonly { readonly group: OptionGroup; readonly changed: readonly string[] }[]): void {
    const failures: unknown[] = [];
    for (const { group, changed } of changes) {
      if (changed.length === 0) continue;
      for (const listener of [...(this.#listeners.get(group.name) ?? [])]) {
        try {
          listener(this.get(group), changed);
        } catch (error) {
          failures.push(error);
        }
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${this.program}: listeners of changed options failed`);
  }

  #stateOf(name: string): GroupState {
    const present = this.#states.get(name);
    const group = this.#groups.get(name);
    if (present) return present;
    if (!group) throw new TypeError(`option group ${name} is not registered`);
    const state = this.#parse(
      group,
      chooseValues(group, this.#layers, (text) => this.#warnings.add(text)),
    );
    this.#states.set(name, state);
    return state;
  }

  #parse(group: OptionGroup, choices: Choices): GroupState {
    const parsed = parseValues(group, choices);
    if ("values" in parsed) return { choices, values: parsed.values };
    const others = this.groups().filter((other) => other !== group && !this.#states.has(other.name));
    const theirs = others.flatMap((other) => this.#problemsOf(other, this.#layers));
    throw new ConfigurationError(this.program, [...parsed.problems, ...theirs]);
  }

  #problemsOf(
    group: OptionGroup,
    layers: readonly Layer[],
    warn: (text: string) => void = () => undefined,
  ): readonly ConfigurationProblem[] {
    const parsed = parseValues(group, chooseValues(group, layers, warn));
    return "problems" in parsed ? parsed.problems : [];
  }
}

function isSameGroup(one: OptionGroup, other: OptionGroup): boolean {
  return one.schema === other.schema || isDeepStrictEqual(groupSchema(one), groupSchema(other));
}

function clash(one: OptionGroup, other: OptionGroup): ConfigurationProblem {
  const optionsOf = (group: OptionGroup) => `with ${Object.keys(group.schema.shape).join(", ") || "no options"}`;
  return {
    option: one.name,
    place: "declared by two packages, differently",
    expected: `the group ${optionsOf(one)}`,
    received: `a second one ${optionsOf(other)}`,
  };
}
