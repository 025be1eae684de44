import "reflect-metadata";
import { isOptionGroup, type Configuration, type OptionGroup } from "@kilonova/config";
import { isKilonovaError, KilonovaError, messageOf } from "@kilonova/messaging";
import {
  type Constructor,
  describeToken,
  type Injection,
  injectionsOf,
  type PluginKind,
  readDriverToken,
  type Token,
} from "@kilonova/plugin-api";
import { container as rootContainer, type DependencyContainer } from "tsyringe";
import { checkKind, describeValue, isClass, type ObjectLoader } from "./object-loader.js";

/** Called with each object that the container made, before anyone gets it: where the weaver works. */
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
   * @throws KilonovaError `object.*` naming what asked, what was expected and what was found; a circle of drivers by its
   *   links
   */
  async build<Made extends object>(type: new (...args: never[]) => Made, trail: readonly string[] = []): Promise<Made> {
    const injections = injectionsOf(type as Constructor);
    for (const injection of injections) await this.#prepare(injection, [...trail, type.name]);
    return this.#make(type, injections);
  }

  /** The object that a path leads to: a class is built, a factory called, an instance taken as it is. */
  async load(path: string, asked: string, kind?: PluginKind, trail: readonly string[] = []): Promise<unknown> {
    const { value } = await this.loader.load(path, asked, kind);
    if (isClass(value)) return this.build(value as new (...args: never[]) => object, trail);
    if (typeof value !== "function") return value;
    const made = await call(path, asked, () => (value as (container: Container) => unknown)(this));
    checkKind(made, path, asked, kind);
    return made;
  }

  /** Checks that a path leads somewhere, without making anything. */
  async check(path: string, asked: string, kind?: PluginKind): Promise<void> {
    await this.loader.load(path, asked, kind);
  }

  async #prepare(injection: Injection, trail: readonly string[]): Promise<void> {
    if (injection.optionGroup) return this.#registerOptions(injection, injection.optionGroup);
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
    return loading;
  }

  #registerOptions(injection: Injection, group: OptionGroup): void {
    if (!isOptionGroup(group)) throw new KilonovaError("object.failed", "@options was given something other than an option group.");
    this.#tokens.register(injection.token, { useValue: this.configuration.get(group) });
  }

  async #loadDriver(
    injection: Injection,
    { option, list }: { option: string; list: boolean },
    trail: readonly string[],
  ): Promise<void> {
    const paths = pathsOf(this.configuration.lookUp(option).value, option, list);
    const objects: unknown[] = [];
    for (const path of paths) objects.push(await this.load(path, `option ${option}`, injection.kind, trail));
    this.#tokens.register(injection.token, { useValue: list ? objects : objects[0] });
  }

  #make<Made extends object>(type: new (...args: never[]) => Made, injections: readonly Injection[]): Made {
    const args = injections.map((injection) => {
      if (this.#tokens.isRegistered(injection.token, true)) return this.#tokens.resolve(injection.token);
      throw new KilonovaError(
        "object.failed",
        `${type.name} asks for ${describeToken(injection.token)} in parameter ${injection.index + 1} of its constructor, which nobody registered.`,
      );
    });
    const made = construct(type, args);
    this.onMade(made);
    return made;
  }
}

function construct<Made extends object>(type: new (...args: never[]) => Made, args: readonly unknown[]): Made {
  if (type.length > args.length) {
    throw new KilonovaError(
      "object.failed",
      `${type.name} has ${type.length} constructor parameters, ${args.length} of them say by @inject, @options or @driver what they are.`,
    );
  }
  try {
    return new type(...(args as never[]));
  } catch (cause) {
    if (isKilonovaError(cause)) throw cause;
    throw new KilonovaError("object.failed", `${type.name} could not be made: ${messageOf(cause)}`, { cause });
  }
}

async function call(path: string, asked: string, factory: () => unknown): Promise<unknown> {
  try {
    return await factory();
  } catch (cause) {
    if (isKilonovaError(cause)) throw cause;
    throw new KilonovaError("object.failed", `${asked}: the factory ${path} failed: ${messageOf(cause)}`, { cause });
  }
}

function pathsOf(value: unknown, option: string, list: boolean): readonly string[] {
  const paths = list ? value : [value];
  if (Array.isArray(paths) && paths.every((path) => typeof path === "string")) return paths;
  throw new KilonovaError("object.notFound", `option ${option}: expected ${list ? "a list of object paths" : "an object path"}, received ${describeValue(value)}.`);
}
