import { type SchedulingDecision, schedulingDecisionSchema } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { type Outcome, ok, refused } from "@kilonova/messaging";
import { and, desc, eq, gte, type SQL, sql } from "drizzle-orm";
import { schedulingDecisionServers, schedulingDecisions } from "./tables/index.js";
import { isUuid } from "./uuid.js";

/** A decision without its large parts. */
export const decisionSummarySchema = schedulingDecisionSchema.omit({ stages: true, scores: true, requestSpec: true });

export type DecisionSummary = Omit<SchedulingDecision, "stages" | "scores" | "requestSpec">;

/** Which decisions are asked for: those that fit all that is said. */
export interface DecisionQuery {
  readonly serverId?: string | undefined;
  readonly outcome?: string | undefined;
  readonly projectId?: string | undefined;
  /** An instant; it belongs to it. */
  readonly since?: string | undefined;
  readonly limit: number;
  /** The id of the last decision of the page before. */
  readonly marker?: string | undefined;
}

export type DecisionPage = Outcome<readonly DecisionSummary[], { markerNotFound: { marker: string } }>;

/** One page of decisions, the newest first. Any text may be asked for. */
export async function listDecisions(database: Queryable, query: DecisionQuery): Promise<DecisionPage> {
  const { serverId, outcome, projectId, since, limit, marker } = query;
  const after = marker === undefined ? undefined : await ageOf(database, marker);
  if (marker !== undefined && after === undefined) return refused("markerNotFound", { marker });
  // By the server's own index where a server is named: its row has the instant too.
  const { at, id } =
    serverId === undefined
      ? { at: schedulingDecisions.at, id: schedulingDecisions.id }
      : { at: schedulingDecisionServers.at, id: schedulingDecisionServers.decisionId };
  const conditions: (SQL | undefined)[] = [
    serverId === undefined ? undefined : eq(schedulingDecisionServers.serverId, serverId),
    outcome === undefined ? undefined : eq(schedulingDecisions.outcome, outcome),
    projectId === undefined ? undefined : eq(schedulingDecisions.projectId, projectId),
    since === undefined ? undefined : gte(at, since),
    after === undefined ? undefined : sql`(${at}, ${id}) < (${after}::timestamptz, ${marker}::uuid)`,
  ];
  const summary = sql<unknown>`${schedulingDecisions.document} - '{stages,scores,requestSpec}'::text[]`;
  const decisions = database.select({ at: schedulingDecisions.at, document: summary }).from(schedulingDecisions);
  const found =
    serverId === undefined
      ? decisions.$dynamic()
      : decisions
          .innerJoin(schedulingDecisionServers, eq(schedulingDecisionServers.decisionId, schedulingDecisions.id))
          .$dynamic();
  const rows = await found
    .where(and(...conditions))
    .orderBy(desc(at), desc(id))
    .limit(limit);
  return ok(rows.map(({ at, document }) => ({ ...decisionSummarySchema.parse(document), at })));
}

/** One decision with all that led to it. Any text may be asked for. */
export async function findDecision(database: Queryable, id: string): Promise<SchedulingDecision | undefined> {
  if (!isUuid(id)) return undefined;
  const [row] = await database.select().from(schedulingDecisions).where(eq(schedulingDecisions.id, id));
  return row && toDecision(row);
}

/** The newest decision about a server. Any text may be asked for. */
export async function newestDecisionOf(database: Queryable, serverId: string): Promise<SchedulingDecision | undefined> {
  const [row] = await database
    .select({ at: schedulingDecisions.at, document: schedulingDecisions.document })
    .from(schedulingDecisionServers)
    .innerJoin(schedulingDecisions, eq(schedulingDecisions.id, schedulingDecisionServers.decisionId))
    .where(eq(schedulingDecisionServers.serverId, serverId))
    .orderBy(desc(schedulingDecisionServers.at), desc(schedulingDecisionServers.decisionId))
    .limit(1);
  return row && toDecision(row);
}

/** The instant is the database's; what the scheduler's own clock said went into it as the entry's age. */
function toDecision({ at, document }: { readonly at: string; readonly document: unknown }): SchedulingDecision {
  return { ...schedulingDecisionSchema.parse(document), at };
}

async function ageOf(database: Queryable, id: string): Promise<string | undefined> {
  if (!isUuid(id)) return undefined;
  const [row] = await database
    .select({ at: schedulingDecisions.at })
    .from(schedulingDecisions)
    .where(eq(schedulingDecisions.id, id));
  return row?.at;
}
