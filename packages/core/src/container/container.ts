import "reflect-metadata";
import { type Configuration, isOptionGroup, type OptionGroup } from "@kilonova/config";
import { isKilonovaError, KilonovaError, messageOf } from "@kilonova/messaging";
import {
  type Constructor,
  constructedBy,
  describeToken,
  type Injection,
  injectionsOf,
  type PluginKind,
  readDriverToken,
  type Token,
} from "@kilonova/plugin-api";
import { type DependencyContainer, container as rootContainer } from "tsyringe";
import { exitCodeOf } from "../process/exit-code.js";
import { withinTime } from "../time/within-time.js";
import { checkKind, describeValue, isClass } from "./object-kind.js";
import type { LoadedObject, ObjectLoader } from "./object-loader.js";
import { kindNamedBy } from "./option-kind.js";

/** An object, and the path that led to it, with package and version where it leads to one. */
export interface MadeObject<Made = unknown> {
  readonly title: string;
  /** The package alone, with its version; the path where it leads to a file. */
  readonly origin: string;
  readonly object: Made;
  /** The values, as it was made, of the option groups that its module exports: by group. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Called with each object that the container made or loaded, before anyone gets it: where the weaver works. */
export type MadeListener = (made: object) => void;

/**
 * Makes objects from the tokens of their constructors' parameters. In two phases, since resolving cannot wait: first
 * everything that the class and its drivers ask for by option is loaded, made and registered, drivers' drivers
 * included; then the object is resolved at once. One object per driver option and service.
 */
export class Container {
  readonly #tokens: DependencyContainer;
  readonly #drivers = new Map<symbol, Promise<void>>();

  constructor(
    private readonly configuration: Configuration,
    private readonly loader: ObjectLoader,
    private readonly onMade: MadeListener = () => {},
    parent: DependencyContainer = rootContainer,
  ) {
    this.#tokens = parent.createChildContainer();
  }

  /** A container for one service of the process: it sees what is registered here, and has drivers of its own. */
  child(): Container {
    return new Container(this.configuration, this.loader, this.onMade, this.#tokens);
  }

  /** Registers what a token stands for, in place of what stood there. */
  register<Value>(token: Token<Value>, value: Value): void {
    this.#tokens.register(token, { useValue: value });
  }

  /** @throws KilonovaError `object.failed` where nothing is registered under the token */
  resolve<Value>(token: Token<Value>): Value {
    if (!this.#tokens.isRegistered(token, true)) {
      throw new KilonovaError("object.failed", `Nothing is registered under ${describeToken(token)}.`);
    }
    return this.#tokens.resolve<Value>(token);
  }

  /**
   * An object of a class, with all that it asks for.
   *
   * @param what names it where its constructor fails
   * @throws KilonovaError `object.*` naming what asked, what was expected and what was found; a circle of drivers by its
   *   links
   */
  async build<Made extends object>(
    type: new (...args: never[]) => Made,
    trail: readonly string[] = [],
    what: string = type.name,
  ): Promise<Made> {
    const injections = injectionsOf(type);
    checkParameters(type, injections);
    // Options first: they declare the names by which drivers are asked for.
    for (const { token, optionGroup } of injections) if (optionGroup) this.#registerOptions(token, optionGroup);
    for (const injection of injections) await this.#prepare(injection, [...trail, type.name]);
    return this.#make(type, injections, what);
  }

  /**
   * Sees that a class could be made, as far as that can be told without making anything: its constructor says what its
   * parameters are, and what it asks for other than options and drivers is registered. What is no class is left alone.
   *
   * @throws KilonovaError `object.failed`
   */
  checkMakeable(value: unknown, title: string): void {
    if (!isClass(value)) return;
    const type = value as Constructor;
    const injections = injectionsOf(type);
    checkParameters(type, injections);
    for (const injection of injections) {
      if (injection.optionGroup || readDriverToken(injection.token)) continue;
      if (!this.#tokens.isRegistered(injection.token, true)) throw notRegistered(title, injection);
    }
  }

  /** The object that a path leads to: a class is built, a factory called, an instance taken as it is. */
  async load(path: string, asked: string, kind?: PluginKind, trail: readonly string[] = []): Promise<unknown> {
    return this.#objectOf(await this.loader.load(path, asked, kind), asked, kind, trail);
  }

  async #objectOf(
    loaded: LoadedObject,
    asked: string,
    kind: PluginKind | undefined,
    trail: readonly string[],
  ): Promise<unknown> {
    const { title, value, optionGroups } = loaded;
    this.configuration.register(...optionGroups);
    if (isClass(value)) {
      return this.build(value as new (...args: never[]) => object, trail, `${asked}: ${title}`);
    }
    if (typeof value !== "function") return this.adopt(value);
    const made = await call(loaded, asked, () => (value as (container: Container) => unknown)(this));
    checkKind(made, title, asked, kind);
    return this.adopt(made);
  }

  /**
   * The objects that paths lead to, in their order. One that could not be loaded or made ends it, unless the operator says
   * by option group `plugins` to go on without.
   *
   * @param asked who asks, as `option scheduler.filters`
   */
  async loadAll(
    paths: readonly string[],
    asked: string,
    kind?: PluginKind,
    trail: readonly string[] = [],
  ): Promise<readonly MadeObject[]> {
    const made: MadeObject[] = [];
    for (const path of paths) {
      try {
        const loaded = await this.loader.load(path, asked, kind);
        const { title, origin, optionGroups } = loaded;
        const object = await this.#objectOf(loaded, asked, kind, trail);
        const values = optionGroups.map((group) => [group.name, this.configuration.get(group)]);
        made.push({ title, origin, object, options: Object.fromEntries(values) });
      } catch (error) {
        if (!(await this.loader.goesOnWithout(path, error, "abort", kind))) throw error;
      }
    }
    return made;
  }

  /** Treats an object that was made elsewhere as its own: it is woven like those made here. */
  adopt<Value>(value: Value): Value {
    if (typeof value === "object" && value !== null) this.onMade(value);
    return value;
  }

  async #prepare(injection: Injection, trail: readonly string[]): Promise<void> {
    const asked = readDriverToken(injection.token);
    if (!asked) return;
    const link = asked.option;
    if (trail.includes(link)) {
      const circle = [...trail.slice(trail.indexOf(link)), link].join(" -> ");
      throw new KilonovaError("object.cycle", `Objects need one another in a circle: ${circle}.`);
    }
    const known = this.#drivers.get(injection.token);
    if (known) return known;
    const loading = this.#loadDriver(injection, asked, [...trail, link]);
    this.#drivers.set(injection.token, loading);
    try {
      await loading;
    } catch (error) {
      this.#drivers.delete(injection.token);
      throw error;
    }
  }

  #registerOptions(asked: symbol, group: OptionGroup): void {
    if (!isOptionGroup(group))
      throw new KilonovaError("object.failed", "@options was given something other than an option group.");
    this.#tokens.register(asked, { useValue: this.configuration.get(group) });
  }

  async #loadDriver(
    injection: Injection,
    { option, list }: { option: string; list: boolean },
    trail: readonly string[],
  ): Promise<void> {
    const paths = pathsOf(this.configuration.lookUp(option).value, option, list);
    const kind = kindNamedBy(this.configuration, option);
    // Without the one that an option names there is nothing to go on with; of a list, the operator may say so.
    const value = list
      ? (await this.loadAll(paths, `option ${option}`, kind, trail)).map(({ object }) => object)
      : await this.load(paths[0] ?? "", `option ${option}`, kind, trail);
    this.#tokens.register(injection.token, { useValue: value });
  }

  #make<Made extends object>(
    type: new (...args: never[]) => Made,
    injections: readonly Injection[],
    what: string,
  ): Made {
    const args = injections.map((injection) => {
      if (this.#tokens.isRegistered(injection.token, true)) return this.#tokens.resolve(injection.token);
      throw notRegistered(type.name, injection);
    });
    return this.adopt(construct(type, args, what));
  }
}

function notRegistered(what: string, { token, index }: Injection): KilonovaError {
  const words = `${what} asks for ${describeToken(token)} in parameter ${index + 1} of its constructor, which nobody registered.`;
  return new KilonovaError("object.failed", words);
}

/** Each parameter of the constructor has to say what it is, but for trailing ones with a default. */
function checkParameters(type: Constructor, injections: readonly Injection[]): void {
  const owner = constructedBy(type);
  const count = Math.max(owner.length, ...injections.map(({ index }) => index + 1));
  for (let index = 0; index < count; index += 1) {
    if (injections[index]?.index === index) continue;
    throw new KilonovaError(
      "object.failed",
      `${owner.name} does not say by one @inject, @options or @driver what parameter ${index + 1} of its constructor is.`,
    );
  }
}

function construct<Made extends object>(
  type: new (...args: never[]) => Made,
  args: readonly unknown[],
  what: string,
): Made {
  try {
    return new type(...(args as never[]));
  } catch (cause) {
    if (isKilonovaError(cause) || exitCodeOf(cause) === 2) throw cause;
    throw new KilonovaError("object.failed", `${what} could not be made: ${messageOf(cause)}`, { cause });
  }
}

/** What a factory makes, within the time that its plugin has. */
async function call({ title, timeLimit }: LoadedObject, asked: string, factory: () => unknown): Promise<unknown> {
  try {
    const making = (async () => factory())();
    const made = await withinTime(making, timeLimit, `it took more than ${timeLimit} ms`);
    if (made !== undefined && made !== null) return made;
    throw new Error("it returned nothing");
  } catch (cause) {
    if (isKilonovaError(cause) || exitCodeOf(cause) === 2) throw cause;
    throw new KilonovaError("object.failed", `${asked}: the factory ${title} failed: ${messageOf(cause)}`, { cause });
  }
}

function pathsOf(value: unknown, option: string, list: boolean): readonly string[] {
  const paths = list ? value : [value];
  if (Array.isArray(paths) && paths.every((path) => typeof path === "string")) return paths;
  throw new KilonovaError(
    "object.notFound",
    `option ${option}: expected ${list ? "a list of object paths" : "an object path"}, received ${describeValue(value)}.`,
  );
}
