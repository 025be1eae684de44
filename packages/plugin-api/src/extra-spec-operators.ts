/**
 * What a flavor's extra spec asks of a value: an operator and operands, as `>= 4` or `<or> a <or> b`; text without an
 * operator has to be the very value. Read once, held against many values.
 */
export interface ExtraSpecRequirement {
  /** Why no value can ever match, as it stands after the spec's name: `has no value after >=`; undefined where all is well. */
  readonly problem?: string;
  /** True where the value is as is asked. Never where there is a problem, or where a number is asked for and it is none. */
  matches(value: string): boolean;
}

type Comparison<T> = (value: T, operand: T) => boolean;

/** `=` is "at least": that is how flavors have been written from the start. */
const NUMERIC: ReadonlyMap<string, Comparison<number>> = new Map([
  ["=", (value, operand) => value >= operand],
  ["==", (value, operand) => value === operand],
  ["!=", (value, operand) => value !== operand],
  [">=", (value, operand) => value >= operand],
  ["<=", (value, operand) => value <= operand],
]);

const TEXTUAL: ReadonlyMap<string, Comparison<string>> = new Map([
  ["s==", (value, operand) => value === operand],
  ["s!=", (value, operand) => value !== operand],
  ["s<", (value, operand) => value < operand],
  ["s<=", (value, operand) => value <= operand],
  ["s>", (value, operand) => value > operand],
  ["s>=", (value, operand) => value >= operand],
  ["<in>", (value, operand) => value.includes(operand)],
]);

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/**
 * Reads an extra spec's value. Whatever it is, it is read: what cannot be understood matches nothing and says why. Only the
 * first word after a comparison counts, as in Nova.
 */
export function extraSpecRequirement(text: string): ExtraSpecRequirement {
  const [operator, ...operands] = text.split(/\s+/).filter((word) => word !== "");
  if (operator === undefined) return { matches: (value) => value === text };
  const [first] = operands;
  if (operator === "<or>") {
    // Every other word is the operator again.
    const choices = operands.filter((_word, index) => index % 2 === 0);
    return first === undefined ? impossible(operator) : { matches: (value) => choices.includes(value) };
  }
  if (operator === "<all-in>") {
    if (first === undefined) return impossible(operator);
    return { matches: (value) => operands.every((word) => value.includes(word)) };
  }
  const textual = TEXTUAL.get(operator);
  if (textual) return first === undefined ? impossible(operator) : { matches: (value) => textual(value, first) };
  const numeric = NUMERIC.get(operator);
  if (!numeric) return { matches: (value) => value === text };
  if (first === undefined) return impossible(operator);
  const operand = numberIn(first);
  if (operand === undefined) return { problem: `has no number after ${operator}`, matches: () => false };
  return {
    matches(value) {
      const number = numberIn(value);
      return number !== undefined && numeric(number, operand);
    },
  };
}

function impossible(operator: string): ExtraSpecRequirement {
  return { problem: `has no value after ${operator}`, matches: () => false };
}

/** A decimal number, with or without exponent, or infinity; undefined for all else. */
function numberIn(text: string): number | undefined {
  const trimmed = text.trim();
  if (NUMBER.test(trimmed)) return Number(trimmed);
  const infinite = INFINITE.exec(trimmed);
  return infinite ? Number(`${infinite[1]}Infinity`) : undefined;
}
