import type { Claim, Placement, RequestSpec } from "@kilonova/contracts";
import type { RequestContext, RpcClient } from "@kilonova/messaging";
import type { Claims, ServerClaim } from "@kilonova/plugin-api";
import type { ProviderMirror } from "../hosts/provider-mirror.js";
import { ClaimRounds, type RefusedClaim } from "./claim-rounds.js";

/** Claims at placement, shown in the mirror from the moment they are asked for. */
export class PlacementClaims implements Claims {
  readonly #rounds: ClaimRounds;

  constructor(
    placement: RpcClient<Placement>,
    private readonly mirror: ProviderMirror,
  ) {
    this.#rounds = new ClaimRounds(placement);
  }

  async claim(context: RequestContext, request: RequestSpec, claims: readonly ServerClaim[]) {
    const reservation = this.mirror.reserve(claims.flatMap(({ destination }) => destination.allocations));
    let refused: RefusedClaim | undefined;
    try {
      refused = await this.#rounds.claim(context, claimsOf(request, claims));
    } catch (error) {
      // It may have been made. Whoever asked takes it back or claims anew, under a fence of which nobody else knows; what
      // is taken back from here could be what they have claimed since.
      reservation.withdraw();
      throw error;
    }
    if (!refused) {
      reservation.confirm();
      return undefined;
    }
    reservation.withdraw();
    const { refusal, providerId } = refused;
    const takes = ({ destination }: ServerClaim) =>
      destination.allocations.some((each) => each.providerId === providerId);
    const serverId = refused.consumerId ?? claims.find(takes)?.serverId ?? "";
    return {
      serverId,
      refusal: refusal === "staleFence" || refusal === "groupPolicy" ? refusal : "noCapacity",
    } as const;
  }
}

function claimsOf({ projectId, userId, group }: RequestSpec, claims: readonly ServerClaim[]): Claim[] {
  return claims.map(({ serverId, fence, destination: { providerId, allocations } }) => ({
    consumerId: serverId,
    fence,
    projectId,
    userId,
    allocations: [...allocations],
    ...(allocations.length === 0 ? {} : { providerId }),
    ...(group ? { group } : {}),
  }));
}
