import { Client, type ClientConfig } from "pg";

/** Characters. Longer texts are of many rows at once, hardly two of them alike. */
const LONGEST_TEXT = 4_096;
/** The server keeps a plan for each, on each connection. */
const MOST_STATEMENTS = 200;

interface Asked {
  readonly text: string;
  readonly name?: string | undefined;
}

/**
 * A connection that has a statement prepared when it comes a second time: from then on PostgreSQL neither parses it nor,
 * as a rule, plans it. Who names a statement himself, or gives it no values, is not interfered with.
 */
export class PreparingClient extends Client {
  readonly #names = new Map<string, string>();
  readonly #seenOnce = new Set<string>();

  constructor(config?: string | ClientConfig) {
    super(config);
    // Its overloads differ in what they answer, not in where the statement stands: it is the first argument of all.
    const send = this.query.bind(this) as (...args: unknown[]) => unknown;
    const query = (asked: unknown, values: unknown, ...more: unknown[]) =>
      send(isPreparable(asked, values) ? { ...asked, name: this.#nameOf(asked.text) } : asked, values, ...more);
    this.query = query as typeof this.query;
  }

  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= MOST_STATEMENTS) return known;
    if (!this.#seenOnce.delete(text)) {
      if (this.#seenOnce.size >= MOST_STATEMENTS) this.#seenOnce.clear();
      this.#seenOnce.add(text);
      return undefined;
    }
    const name = `kilonova_${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }
}

function isPreparable(asked: unknown, values: unknown): asked is Asked {
  if (typeof asked !== "object" || asked === null || !("text" in asked) || "submit" in asked) return false;
  if ("name" in asked && asked.name !== undefined) return false;
  const hasValues = Array.isArray(values) && values.length > 0;
  return hasValues && typeof asked.text === "string" && asked.text.length <= LONGEST_TEXT;
}
