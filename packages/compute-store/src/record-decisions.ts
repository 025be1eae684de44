import type { SchedulingDecision } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { sql } from "drizzle-orm";
import { schedulingDecisionServers, schedulingDecisions } from "./tables/index.js";

/** A decision that is to be kept. */
export interface DecisionEntry {
  readonly decision: SchedulingDecision;
  /** Milliseconds since it was made. With them the database's clock tells when that was, however late it is written. */
  readonly age: number;
}

/**
 * Writes decisions, all or none, in one statement. Safe to repeat: one that is there already stays as it is.
 *
 * @throws KilonovaError `database.*`; then none is written, or all are
 */
export async function recordDecisions(database: Queryable, entries: readonly DecisionEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const given = entries.map(({ decision, age }) => ({
    id: decision.id,
    age: Math.max(0, age),
    scheduler: decision.scheduler,
    request_id: decision.requestId,
    project_id: decision.projectId,
    outcome: decision.outcome,
    profile: decision.profile,
    message: decision.message,
    servers: decision.serverIds,
    document: decision,
  }));
  await database.execute(sql`
    with given as materialized (
      select * from jsonb_to_recordset(${storableJson(given)}::jsonb) as g(id uuid, age float8, scheduler text,
        request_id text, project_id text, outcome text, profile text, message text, servers jsonb, document jsonb)
    ), written as (
      insert into ${schedulingDecisions}
        (id, at, scheduler, request_id, project_id, outcome, profile, message, document)
      select id, now() - age * interval '1 millisecond', scheduler, request_id, project_id, outcome, profile, message,
        document
      from given
      on conflict (id) do nothing
      returning id, at
    )
    insert into ${schedulingDecisionServers} (decision_id, server_id, at)
    select distinct written.id, server_id, written.at
    from written join given on given.id = written.id, jsonb_array_elements_text(given.servers) as server_id`);
}

const PORTION = 1_000;
/** So many portions a call, so that it ends. */
const MOST_PORTIONS = 200;

/**
 * Deletes what is older than so many milliseconds, and the oldest of what is more than so many rows: in portions of a
 * thousand, 200,000 in one call at most. Several may do so at a time.
 *
 * @returns how many are gone
 */
export async function forgetDecisions(
  database: Queryable,
  keepMilliseconds: number,
  keepRows: number,
): Promise<number> {
  const [tooMany] = (
    await database.execute<{ at: string }>(sql`
      select at::text from ${schedulingDecisions} order by at desc, id desc offset ${keepRows} limit 1`)
  ).rows;
  const tooOld = sql`now() - ${keepMilliseconds} * interval '1 millisecond'`;
  const until = tooMany ? sql`greatest(${tooMany.at}::timestamptz, ${tooOld})` : tooOld;
  let forgotten = 0;
  for (let portion = 0; portion < MOST_PORTIONS; portion++) {
    const { rowCount } = await database.execute(sql`
      delete from ${schedulingDecisions} where id in (
        select id from ${schedulingDecisions} where at <= ${until}
        order by at, id limit ${PORTION} for update skip locked)`);
    forgotten += rowCount ?? 0;
    if ((rowCount ?? 0) < PORTION) break;
  }
  return forgotten;
}

/**
 * JSON that PostgreSQL can keep: it takes neither the character of code 0 nor half of a surrogate pair, which users can
 * put into hints. Numbers that are none are null in JSON; these become the largest there are, or 0.
 */
function storableJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, each: unknown) =>
    typeof each === "number" && !Number.isFinite(each) ? finite(each) : each,
  );
  return text.replace(/\\(?:(u0000|ud[89a-f]..)|.)/g, (whole, unfit: string | undefined) =>
    unfit === undefined ? whole : "\\ufffd",
  );
}

function finite(value: number): number {
  if (Number.isNaN(value)) return 0;
  return value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE;
}
