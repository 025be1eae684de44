import type { Claim, ServerGroupRule } from "@kilonova/contracts";
import { KilonovaError } from "@kilonova/messaging";

/** What a consumer is to have of one resource class from one provider. */
interface Amount {
  readonly consumerId: string;
  readonly providerId: string;
  readonly resourceClass: string;
  readonly amount: number;
}

/** In place of a generation: it must have nothing. */
const MUST_BE_NEW = -1;
/** In place of a limit: all on one host; no matter how many, for a policy that is a wish. */
const AFFINITY = 0;
const NO_LIMIT = 2 ** 31 - 1;

export function amountsOf({ consumerId, allocations }: Claim): Amount[] {
  return allocations.flatMap(({ providerId, resources }) =>
    Object.entries(resources).map(([resourceClass, amount]) => ({ consumerId, providerId, resourceClass, amount })),
  );
}

/** The arguments of `placement.claim_each`, of which the migration says what each is. */
export function claimArguments(lists: readonly (readonly Claim[])[]): unknown[] {
  const claims = lists.flat().map((claim) => placed(claim));
  const amounts = lists.map((list) => list.flatMap(amountsOf));
  const wanted = amounts.flat();
  return [
    distinct(claims.map(({ group }) => group?.id)),
    distinct([...wanted.map(({ providerId }) => providerId), ...claims.map(({ providerId }) => providerId)]),
    claims.map(({ consumerId }) => consumerId),
    claims.map(({ fence }) => fence),
    claims.map(({ projectId }) => projectId),
    claims.map(({ userId }) => userId),
    claims.map(({ providerId }) => providerId),
    claims.map(({ group }) => group?.id),
    claims.map(({ group }) => group && limitOf(group)),
    claims.map(({ consumerGeneration }) => (consumerGeneration === null ? MUST_BE_NEW : consumerGeneration)),
    wanted.map(({ consumerId }) => consumerId),
    wanted.map(({ providerId }) => providerId),
    wanted.map(({ resourceClass }) => resourceClass),
    wanted.map(({ amount }) => amount),
    runningTotals(lists),
    runningTotals(amounts),
  ];
}

/** How many members of a group may be on one host. */
function limitOf({ policy, maxServerPerHost }: ServerGroupRule): number {
  if (policy === "affinity") return AFFINITY;
  return policy === "anti-affinity" ? maxServerPerHost : NO_LIMIT;
}

/** A consumer that is to have nothing is on no host and counts in no group. */
function placed(claim: Claim) {
  const hasNothing = claim.allocations.length === 0;
  return { ...claim, ...(hasNothing && { providerId: undefined, group: undefined }) };
}

function distinct(ids: readonly (string | undefined)[]): string[] {
  return [...new Set(ids)].filter((id) => id !== undefined);
}

function runningTotals(lists: readonly (readonly unknown[])[]): number[] {
  let total = 0;
  return lists.map(({ length }) => {
    total += length;
    return total;
  });
}

/**
 * @throws KilonovaError `rpc.badArguments` for a consumer, or a provider of one consumer, that is named twice, and for one
 *   in a group of which it is not said where it is
 */
export function checkClaims(claims: readonly Claim[]): void {
  refuseDouble(
    "consumer",
    claims.map(({ consumerId }) => consumerId),
  );
  for (const { consumerId, allocations, group, providerId } of claims) {
    refuseDouble(
      `provider of consumer ${consumerId}`,
      allocations.map((allocation) => allocation.providerId),
    );
    if (group && providerId === undefined && allocations.length > 0) {
      throw new KilonovaError(
        "rpc.badArguments",
        `The claim of ${consumerId} says its group and not the root provider of its host, by which groups are counted.`,
      );
    }
  }
}

function refuseDouble(what: string, ids: readonly string[]): void {
  if (new Set(ids).size === ids.length) return;
  const double = ids.find((id, index) => ids.indexOf(id) !== index);
  throw new KilonovaError("rpc.badArguments", `Claims name a ${what} twice: ${double}.`);
}
