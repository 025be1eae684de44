import type { OptionGroup } from "@kilonova/config";
import { type Constructor, readOwnMetadata, writeMetadata } from "./metadata.js";
import { driverToken, type Token } from "./token.js";

const INJECTION = "inject";

/** What a constructor parameter asks for. */
export interface Injection {
  readonly index: number;
  readonly token: symbol;
  /** The group whose values are asked for, where it is options that are. */
  readonly optionGroup?: OptionGroup;
}

/** Injects what is registered under a token: `constructor(@inject(CLOCK) private readonly clock: Clock)`. */
export function inject<Value>(token: Token<Value>): ParameterDecorator {
  return parameter((index) => ({ index, token }));
}

/** Injects the values of a group of options, which is thereby declared: `@options(exampleOptions) options: Options<typeof exampleOptions>`. */
export function options(group: OptionGroup): ParameterDecorator {
  return parameter((index) => ({ index, token: optionsToken(group), optionGroup: group }));
}

/**
 * Injects the object that an option names by its path, loaded, checked and made before the one that asks. What kind of
 * plugin it has to be, the option says: `objectPath("filter")`; where it says none, whatever the path leads to will do.
 */
export function driver(option: `${string}.${string}`): ParameterDecorator {
  return parameter((index) => ({ index, token: driverToken(option, false) }));
}

/** Injects the objects that an option lists, in that order. */
export function drivers(option: `${string}.${string}`): ParameterDecorator {
  return parameter((index) => ({ index, token: driverToken(option, true) }));
}

/** The token under which the values of a group are registered. */
export function optionsToken(group: OptionGroup): symbol {
  return Symbol.for(`kilonova.token:options:${group.name}`);
}

/**
 * What the constructor of a class asks for, by index. A class without a constructor of its own has the one of its
 * nearest ancestor that has.
 */
export function injectionsOf(target: Constructor): readonly Injection[] {
  const found = readOwnMetadata<Injection>(constructedBy(target), INJECTION) ?? [];
  return [...found].sort((one, other) => one.index - other.index);
}

/** The class whose constructor makes objects of a class: itself, or the nearest ancestor with parameters. */
export function constructedBy(target: Constructor): Constructor {
  for (let type: unknown = target; typeof type === "function"; type = Object.getPrototypeOf(type)) {
    const candidate = type as Constructor;
    if (candidate.length > 0 || readOwnMetadata(candidate, INJECTION)) return candidate;
  }
  return target;
}

function parameter(make: (index: number) => Injection): ParameterDecorator {
  return (target, property, index) => {
    if (property !== undefined) throw new TypeError("only constructor parameters are injected");
    writeMetadata(target as unknown as Constructor, INJECTION, make(index));
  };
}
