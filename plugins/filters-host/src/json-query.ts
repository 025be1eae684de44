/** How much of a query is read: characters of text, levels, operators. */
export const QUERY_LIMITS = { length: 64 * 1024, depth: 32, operators: 1_000 } as const;

/** What `$name` stands for on a host; null or undefined where it stands for nothing. */
export type Lookup = (path: readonly string[]) => unknown;

type Operator = (operands: readonly unknown[]) => boolean;
type Term = (look: Lookup) => unknown;

export type QueryOutcome =
  | { readonly ok: true; readonly holds: (look: Lookup) => boolean }
  /** Why it cannot be read, as it stands after "the query": `is deeper than 32 levels`. */
  | { readonly ok: false; readonly problem: string };

const OPERATORS: ReadonlyMap<unknown, Operator> = new Map<unknown, Operator>([
  ["=", comparison((order) => order === 0, isSame)],
  ["<", comparison((order) => order < 0)],
  [">", comparison((order) => order > 0)],
  ["<=", comparison((order) => order <= 0)],
  [">=", comparison((order) => order >= 0)],
  ["in", ([first, ...others]) => others.some((other) => isSame(first, other))],
  // For several operands: not all of them hold.
  ["not", (operands) => operands.some((operand) => !isTrue(operand))],
  ["or", (operands) => operands.some(isTrue)],
  ["and", (operands) => operands.every(isTrue)],
]);

/**
 * Reads the scheduler hint `query`: an operator and its operands, `["and", [">=", "$free_ram_mb", 1024], …]`, as JSON text or as
 * it is. The first operand of a comparison is compared with all others; texts with `$` stand for what the host has, and are
 * left out where it has no such thing. An empty list always holds, and so does nothing at all. Never throws, whatever it is given.
 */
export function readQuery(query: unknown): QueryOutcome {
  if (typeof query === "string" && query.length > QUERY_LIMITS.length) {
    return { ok: false, problem: `is longer than ${QUERY_LIMITS.length} characters` };
  }
  const value = typeof query === "string" ? jsonIn(query) : query;
  if (value === undefined) return { ok: false, problem: "is no JSON" };
  if (!isTrue(value)) return { ok: true, holds: () => true };
  const reader = new QueryReader();
  const term = reader.list(value, 1);
  const { problem } = reader;
  return problem === undefined ? { ok: true, holds: (look) => isTrue(term(look)) } : { ok: false, problem };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const NOTHING: Term = () => undefined;

/** Makes a query into something that is quick to ask; stops at the first problem. */
class QueryReader {
  /** What is wrong with the query. */
  problem: string | undefined;
  #operators = 0;
  #length = 0;

  list(value: unknown, depth: number): Term {
    if (depth > QUERY_LIMITS.depth) return this.#fail(`is deeper than ${QUERY_LIMITS.depth} levels`);
    if (!Array.isArray(value)) return this.#fail("is no list of an operator and operands");
    if (value.length === 0) return () => true;
    const operator = OPERATORS.get(value[0]);
    if (!operator) return this.#fail(`has an operator that there is not: ${shown(value[0])}`);
    this.#operators += 1;
    if (this.#operators > QUERY_LIMITS.operators)
      return this.#fail(`has more than ${QUERY_LIMITS.operators} operators`);
    const terms: Term[] = [];
    for (let index = 1; index < value.length && this.problem === undefined; index += 1) {
      terms.push(this.#operand(value[index], depth + 1));
    }
    return (look) =>
      operator(terms.map((term) => term(look)).filter((operand) => operand !== undefined && operand !== null));
  }

  #operand(value: unknown, depth: number): Term {
    this.#length += typeof value === "string" ? value.length + 1 : 1;
    if (this.#length > QUERY_LIMITS.length) return this.#fail(`is longer than ${QUERY_LIMITS.length} characters`);
    if (Array.isArray(value)) return this.list(value, depth);
    if (typeof value === "object" && value !== null) return this.#fail("has an object for an operand");
    if (typeof value !== "string") return () => value;
    if (value === "") return NOTHING;
    if (!value.startsWith("$")) return () => value;
    const path = value.slice(1).split(".");
    return (look) => look(path);
  }

  #fail(problem: string): Term {
    this.problem ??= problem;
    return NOTHING;
  }
}

/** One operand or none compares with nothing. */
function comparison(holds: (order: number) => boolean, isEqual?: (one: unknown, other: unknown) => boolean): Operator {
  return ([first, ...others]) =>
    others.length > 0 &&
    others.every((other) => {
      if (isEqual) return isEqual(first, other);
      const order = orderOf(first, other);
      return order !== undefined && holds(order);
    });
}

/** Numbers with numbers, true and false counting as 1 and 0; texts with texts; nothing else has an order. */
function orderOf(one: unknown, other: unknown): number | undefined {
  if (typeof one === "string" && typeof other === "string") return one < other ? -1 : Number(one > other);
  const [first, second] = [numberOf(one), numberOf(other)];
  return first === undefined || second === undefined ? undefined : first - second;
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || orderOf(one, other) === 0;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === "boolean") return Number(value);
  return typeof value === "number" ? value : undefined;
}

/** Nothing, zero, and what is empty are false. */
function isTrue(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

function shown(name: unknown): string {
  return typeof name === "string" ? JSON.stringify(name.slice(0, 20)) : typeof name;
}
