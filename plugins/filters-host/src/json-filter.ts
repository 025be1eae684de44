import { HostFilter, type HostState, type HostVerdict, type SchedulingRequest } from "@kilonova/plugin-api";
import { hostAttribute, valueWithin } from "./host-attributes.js";
import { QUERY_LIMITS, type QueryOutcome, readQuery } from "./json-query.js";

/** Passes hosts for which the scheduler hint `query` holds. One that cannot be read is held by no host. */
export class JsonFilter extends HostFilter<QueryOutcome> {
  override concerns({ hints }: SchedulingRequest): boolean {
    return isAsked(queryOf(hints));
  }

  override signature({ hints }: SchedulingRequest): string {
    const query = queryOf(hints);
    if (!isAsked(query)) return "";
    if (typeof query === "string") return query.slice(0, QUERY_LIMITS.length + 1);
    // One that cannot be read may be too deep to be written.
    const outcome = readQuery(query);
    return outcome.ok ? JSON.stringify(query) : `unreadable: ${outcome.problem}`;
  }

  override prepare({ hints }: SchedulingRequest): QueryOutcome {
    const query = queryOf(hints);
    return isAsked(query) ? readQuery(query) : { ok: true, holds: () => true };
  }

  override hostPasses(host: HostState, _request: SchedulingRequest, query: QueryOutcome): HostVerdict {
    if (!query.ok)
      return { code: "query-unreadable", words: `cannot match the query of the hints, which ${query.problem}` };
    const holds = query.holds(([name = "", ...keys]) => valueWithin(hostAttribute(host, name), keys));
    return holds || { code: "query-differs", words: "do not match the query of the hints" };
  }
}

/** A hint may come as a list of one. */
function queryOf(hints: SchedulingRequest["hints"]): unknown {
  const query = hints["query"];
  return Array.isArray(query) && query.length === 1 && typeof query[0] === "string" ? query[0] : query;
}

function isAsked(query: unknown): boolean {
  return Array.isArray(query) ? query.length > 0 : Boolean(query);
}
