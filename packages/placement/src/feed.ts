import type { Placement, Provider } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import type { Args, Result } from "@kilonova/messaging";
import { type SQL, sql } from "drizzle-orm";
import { providerDocument } from "./provider-documents.js";
import { providers } from "./tables.js";

/** One change of the feed. `provider` is null where it is gone. */
interface Change {
  readonly id: string;
  readonly changed: number;
  readonly provider: Provider | null;
}

interface Window {
  readonly horizon: string;
  readonly reachesBackTo: string;
  readonly settled: readonly Change[] | null;
  readonly unsettled: readonly Change[] | null;
}

/**
 * What changed, in the order of sequence numbers, without a lock that all who change anything would queue for.
 *
 * A change is numbered with the id of its transaction. Transactions end in another order than their ids, so a reader is
 * told as sequence the *horizon* of what it saw: the lowest id of those that were still running. All changes below it
 * were there to be seen; changes from it on are told again next time, which is harmless, since what is told is always the
 * provider as it is now. A transaction that stays open, be it another owner's, delays nothing: it only makes readers be
 * told some things more than once.
 */
export class Feed {
  constructor(private readonly database: Queryable) {}

  /** A page of all providers. Who reads them all goes on with the sequence number of the first page. */
  async page({ after, limit }: Args<Placement, "providers">): Promise<Result<Placement, "providers">> {
    const rows = sql`
      SELECT ${providerDocument} AS document FROM ${providers}
      WHERE ${providers.deletedAt} IS NULL AND ${providers.id} > ${after ?? ""}
      ORDER BY ${providers.id} LIMIT ${limit + 1}`;
    const { horizon, found } = await this.#one<{ horizon: string; found: readonly Provider[] | null }>(
      sql`SELECT ${HORIZON} AS horizon, (SELECT json_agg(document) FROM (${rows}) AS page) AS found`,
    );
    const all = found ?? [];
    return { sequence: Number(horizon), providers: all.slice(0, limit), more: all.length > limit };
  }

  /** Changes from a sequence number on. */
  async changes({ after, limit }: Args<Placement, "changes">): Promise<Result<Placement, "changes">> {
    const {
      horizon: text,
      reachesBackTo,
      settled,
      unsettled,
    } = await this.#one<Window>(sql`
      SELECT ${HORIZON} AS horizon, (SELECT reaches_back_to FROM placement.feed) AS "reachesBackTo",
        ${changesIn(sql`${providers.changed} >= ${after} AND ${providers.changed} < ${HORIZON}`, sql`ASC FETCH FIRST ${limit + 1} ROWS WITH TIES`)} AS settled,
        ${changesIn(sql`${providers.changed} >= greatest(${after}::bigint, ${HORIZON})`, sql`ASC LIMIT ${MOST_UNSETTLED + 1}`)} AS unsettled`);
    const horizon = Number(text);
    // A number above the horizon is from another database, or from one that was put back.
    const isLost = after > horizon || after < Number(reachesBackTo);
    if (isLost || (unsettled?.length ?? 0) > MOST_UNSETTLED) {
      return { sequence: horizon, providers: [], deleted: [], more: false, reset: true };
    }
    const cut = cutAt(settled ?? [], limit);
    if (cut) return { ...told(cut), sequence: (cut.at(-1)?.changed ?? after) + 1, more: true, reset: false };
    return { ...told([...(settled ?? []), ...(unsettled ?? [])]), sequence: horizon, more: false, reset: false };
  }

  async #one<Row extends object>(query: SQL): Promise<Row> {
    const { rows } = await this.database.execute(query);
    const [row] = rows as Row[];
    if (!row) throw new TypeError("a query without FROM answers one row");
    return row;
  }
}

/** Above the horizon there is no number to go on from: it is told at once, or, where that is too much, all is read again. */
const MOST_UNSETTLED = 10_000;

/** The lowest transaction that is still running, in the snapshot of the statement. */
const HORIZON = sql`pg_snapshot_xmin(pg_current_snapshot())::text::bigint`;

function changesIn(condition: SQL, order: SQL): SQL {
  return sql`(SELECT json_agg(change) FROM (
    SELECT ${providers.id} AS id, ${providers.changed} AS changed,
      CASE WHEN ${providers.deletedAt} IS NULL THEN ${providerDocument} END AS provider
    FROM ${providers} WHERE ${condition} ORDER BY ${providers.changed} ${order}
  ) AS change)`;
}

/**
 * The page, where there is more than fits; undefined where all fits. One transaction's changes are never parted, for
 * between them there is no number to go on from: a page may be longer than asked for.
 */
function cutAt(changes: readonly Change[], limit: number): readonly Change[] | undefined {
  const last = changes[limit - 1]?.changed;
  if (changes.length <= limit || last === undefined) return undefined;
  return changes.filter(({ changed }) => changed <= last);
}

function told(changes: readonly Change[]): { providers: Provider[]; deleted: string[] } {
  return {
    providers: changes.flatMap(({ provider }) => provider ?? []),
    deleted: changes.filter(({ provider }) => provider === null).map(({ id }) => id),
  };
}
