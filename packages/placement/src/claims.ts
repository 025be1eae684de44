import type { Claim, ClaimOutcome, Placement } from "@kilonova/contracts";
import { type Database, inStatementSpan } from "@kilonova/database";
import { ok, type Result, refused } from "@kilonova/messaging";
import { amountsOf, checkClaims, claimArguments } from "./claim-arguments.js";

/** A list that was refused, as `placement.claim_each` tells of it. */
interface RefusedList {
  /** From 1 on. */
  readonly list: number;
  readonly refusal: NonNullable<ClaimOutcome["refusal"]>;
  readonly consumerId: string | null;
  readonly providerId: string | null;
  readonly resourceClass: string | null;
  readonly groupId: string | null;
  /** The newest fence, or the generation that the consumer has. */
  readonly present: string | null;
}

type ClaimRefusal = Exclude<Result<Placement, "claim">, { ok: true }>;

const CLAIM_EACH = {
  name: "placement-claim-each",
  text: `
    SELECT list, refusal, consumer_id AS "consumerId", provider_id AS "providerId", resource_class AS "resourceClass",
      group_id AS "groupId", present
    FROM placement.claim_each($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
};

/**
 * Makes claims: one statement, which is its own transaction, however many there are. What it does stands in the migrations:
 * between locking and committing nothing is asked of this process, so that no lock waits for it.
 */
export class Claims {
  constructor(private readonly database: Database) {}

  /** @throws KilonovaError `rpc.badArguments` as `checkClaims` does */
  async claim(claims: readonly Claim[]): Promise<Result<Placement, "claim">> {
    checkClaims(claims);
    const [found] = await this.#ask([claims]);
    return found ? refusalOf(found, claims) : ok();
  }

  /** @throws KilonovaError `rpc.badArguments` as `checkClaims` does */
  async claimEach(lists: readonly (readonly Claim[])[]): Promise<ClaimOutcome[]> {
    checkClaims(lists.flat());
    const found = new Map((await this.#ask(lists)).map((each) => [each.list, each]));
    return lists.map((claims, index) => {
      const each = found.get(index + 1);
      return each ? outcomeOf(each, claims) : ACCEPTED;
    });
  }

  async #ask(lists: readonly (readonly Claim[])[]): Promise<readonly RefusedList[]> {
    const statement = { ...CLAIM_EACH, values: claimArguments(lists) };
    const claim = () => this.database.$client.query<RefusedList>(statement);
    const { rows } = await inStatementSpan(() => CLAIM_EACH.text, claim);
    return rows;
  }
}

const ACCEPTED: ClaimOutcome = { ok: true, refusal: null, consumerId: null, providerId: null, resourceClass: null };

function outcomeOf(found: RefusedList, claims: readonly Claim[]): ClaimOutcome {
  const { refusal, providerId, resourceClass } = found;
  const consumerId = found.consumerId ?? oneTooMany(found, claims);
  return { ok: false, refusal, consumerId, providerId, resourceClass };
}

function refusalOf(found: RefusedList, claims: readonly Claim[]): ClaimRefusal {
  const { groupId, resourceClass } = found;
  const [consumerId, providerId] = [found.consumerId ?? oneTooMany(found, claims) ?? "", found.providerId ?? ""];
  const present = Number(found.present);
  switch (found.refusal) {
    case "staleFence":
      return refused("staleFence", { consumerId, newest: present });
    case "consumerConflict":
      return refused("consumerConflict", { consumerId, generation: present });
    case "providerNotFound":
      return refused("providerNotFound", { providerId });
    case "noCapacity":
      return refused("noCapacity", { consumerId, providerId, resourceClass: resourceClass ?? "" });
    case "groupPolicy":
      return refused("groupPolicy", { consumerId, providerId, groupId: groupId ?? "" });
  }
}

/** Of several that ask for what there is too little of, or none, the last is the one too many. */
function oneTooMany({ providerId, resourceClass }: RefusedList, claims: readonly Claim[]): string | null {
  const asks = (claim: Claim) =>
    (claim.providerId === providerId && resourceClass === null) ||
    amountsOf(claim).some(
      (each) => each.providerId === providerId && (resourceClass === null || each.resourceClass === resourceClass),
    );
  return claims.findLast(asks)?.consumerId ?? null;
}
