import type { Claim, Placement } from "@kilonova/contracts";
import type { Database } from "@kilonova/database";
import { KilonovaError, ok, type Result, refused } from "@kilonova/messaging";
import type { PoolClient } from "pg";
import { LOCK_CONSUMERS, LOCK_PROVIDERS, type PreparedStatement, REPLACE_ALLOCATIONS } from "./claim-statements.js";

/**
 * All that a claim looks up it knows the keys of. A plan that is prepared while the tables are small would read them
 * from end to end for ever.
 */
const BEGIN =
  "BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

type ClaimResult = Result<Placement, "claim">;

/** A broken connection cannot be handed back to the pool. */
type Release = (broken: boolean) => void;

/**
 * Makes claims: three statements and a commit, however many claims there are. Locks are taken in one order everywhere,
 * consumers by id, then providers by id, so that no two claims wait for one another in a circle.
 */
export class Claims {
  constructor(private readonly database: Database) {}

  /** @throws KilonovaError `rpc.badArguments` for a consumer, or a provider of one consumer, that is named twice */
  async claim(claims: readonly Claim[]): Promise<ClaimResult> {
    refuseDoubles(claims);
    const [client, release] = await this.#connect();
    let isBroken = true;
    try {
      await client.query(BEGIN);
      const result = await replace(client, claims);
      await client.query(result.ok ? "COMMIT" : "ROLLBACK");
      isBroken = false;
      return result;
    } catch (error) {
      isBroken = !(await rolledBack(client));
      throw error;
    } finally {
      release(isBroken);
    }
  }

  async #connect(): Promise<readonly [PoolClient, Release]> {
    const client = await this.database.$client.connect();
    return [client, (broken) => client.release(broken)];
  }
}

async function replace(client: PoolClient, claims: readonly Claim[]): Promise<ClaimResult> {
  const ids = claims.map(({ consumerId }) => consumerId);
  const locked = await run<{ id: string }>(client, LOCK_CONSUMERS, [
    ids,
    claims.map(({ fence }) => fence),
    claims.map(({ projectId }) => projectId),
    claims.map(({ userId }) => userId),
  ]);
  if (locked.length < claims.length) return staleFence(client, claims, new Set(locked.map(({ id }) => id)));

  const wanted = claims.flatMap(rowsOf);
  const providerIds = [
    ...new Set(claims.flatMap(({ allocations }) => allocations.map(({ providerId }) => providerId))),
  ];
  const providers = new Set(
    (await run<{ id: string }>(client, LOCK_PROVIDERS, [ids, providerIds])).map(({ id }) => id),
  );
  const missing = providerIds.find((id) => !providers.has(id));
  if (missing !== undefined) return refused("providerNotFound", { providerId: missing });

  const [short] = await run<{ providerId: string; resourceClass: string }>(client, REPLACE_ALLOCATIONS, [
    ids,
    wanted.map(({ consumerId }) => consumerId),
    wanted.map(({ providerId }) => providerId),
    wanted.map(({ resourceClass }) => resourceClass),
    wanted.map(({ amount }) => amount),
  ]);
  if (!short) return ok();
  // Of several that ask for what there is too little of, the last is the one too many.
  const tooMany = wanted.findLast(
    (row) => row.providerId === short.providerId && row.resourceClass === short.resourceClass,
  );
  return refused("noCapacity", { consumerId: tooMany?.consumerId ?? "", ...short });
}

async function staleFence(
  client: PoolClient,
  claims: readonly Claim[],
  locked: ReadonlySet<string>,
): Promise<ClaimResult> {
  const consumerId = claims.find((claim) => !locked.has(claim.consumerId))?.consumerId ?? "";
  const { rows } = await client.query<{ fence: string }>("SELECT fence FROM placement.consumers WHERE id = $1", [
    consumerId,
  ]);
  return refused("staleFence", { consumerId, newest: Number(rows[0]?.fence ?? 0) });
}

function rowsOf({ consumerId, allocations }: Claim) {
  return allocations.flatMap(({ providerId, resources }) =>
    Object.entries(resources).map(([resourceClass, amount]) => ({ consumerId, providerId, resourceClass, amount })),
  );
}

function refuseDoubles(claims: readonly Claim[]): void {
  refuseDouble(
    "consumer",
    claims.map(({ consumerId }) => consumerId),
  );
  for (const { consumerId, allocations } of claims) {
    refuseDouble(
      `provider of consumer ${consumerId}`,
      allocations.map(({ providerId }) => providerId),
    );
  }
}

function refuseDouble(what: string, ids: readonly string[]): void {
  const double = ids.find((id, index) => ids.indexOf(id) !== index);
  if (double !== undefined) throw new KilonovaError("rpc.badArguments", `A claim names a ${what} twice: ${double}.`);
}

async function run<Row extends object>(
  client: PoolClient,
  statement: PreparedStatement,
  values: unknown[],
): Promise<readonly Row[]> {
  return (await client.query<Row>({ ...statement, values })).rows;
}

/** False where the connection is of no use any more. */
async function rolledBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query("ROLLBACK");
    return true;
  } catch {
    return false;
  }
}
