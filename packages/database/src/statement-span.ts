import { inSpan, isTraced } from "@kilonova/core";
import { SpanKind } from "@opentelemetry/api";

/** Characters of a statement that a trace shows. */
const LONGEST_SHOWN = 2_048;
const OPERATION = /^\s*(?:--[^\n]*\n\s*)*(\w+)/;

/**
 * A statement in a span of its own where it belongs to a trace; the wait for a connection is part of it. Whatever is sent
 * through drizzle is in one; who sends a statement by the pool itself calls this.
 *
 * @param textOf asked where somebody traces: the text, with places for values, for values are not shown
 */
export function inStatementSpan<Answer>(textOf: () => string, ask: () => Promise<Answer>): Promise<Answer> {
  if (!isTraced()) return ask();
  const text = textOf();
  const operation = OPERATION.exec(text)?.[1]?.toLowerCase() ?? "statement";
  const attributes = {
    "db.system.name": "postgresql",
    "db.operation.name": operation,
    "db.query.text": text.slice(0, LONGEST_SHOWN),
  };
  return inSpan(`sql ${operation}`, { kind: SpanKind.CLIENT, attributes }, ask);
}
