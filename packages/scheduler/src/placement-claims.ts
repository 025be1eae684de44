import type { Placement, RequestSpec } from "@kilonova/contracts";
import { isKilonovaError, messageOf, type RequestContext, type RpcClient } from "@kilonova/messaging";
import type { Claims, Logger, ServerClaim } from "@kilonova/plugin-api";
import type { ProviderMirror } from "./provider-mirror.js";

/** Milliseconds in which a claim of unknown fate is to be taken back. */
const UNDO_TIME = 5_000;

/** Claims at placement, shown in the mirror from the moment they are asked for. */
export class PlacementClaims implements Claims {
  constructor(
    private readonly placement: RpcClient<Placement>,
    private readonly mirror: ProviderMirror,
    private readonly logger: Logger,
  ) {}

  async claim(context: RequestContext, request: RequestSpec, claims: readonly ServerClaim[]) {
    const reservation = this.mirror.reserve(claims.flatMap(({ destination }) => destination.allocations));
    const outcome = await this.#ask(context, request, claims).catch(async (error: unknown) => {
      // Nobody may have heard of it, or it was made and the answer was lost.
      if (!isKilonovaError(error, "rpc.noListener")) await this.#undo(context, request, claims);
      reservation.withdraw();
      throw error;
    });
    if (outcome.ok) {
      reservation.confirm();
      return undefined;
    }
    reservation.withdraw();
    if (outcome.refusal === "staleFence")
      return { serverId: outcome.details.consumerId, refusal: "staleFence" } as const;
    const { providerId } = outcome.details;
    const serverId =
      outcome.refusal === "noCapacity"
        ? outcome.details.consumerId
        : (claims.find(({ destination }) => destination.allocations.some((each) => each.providerId === providerId))
            ?.serverId ?? "");
    return { serverId, refusal: "noCapacity" } as const;
  }

  #ask(context: RequestContext, { projectId, userId }: RequestSpec, claims: readonly ServerClaim[]) {
    return this.placement.call.claim(context, {
      claims: claims.map(({ serverId, fence, destination }) => ({
        consumerId: serverId,
        fence,
        projectId,
        userId,
        allocations: [...destination.allocations],
      })),
    });
  }

  /** Under the same fences, so that a newer owner's claims stay. What fails here is the conductor's to clear. */
  async #undo(context: RequestContext, request: RequestSpec, claims: readonly ServerClaim[]): Promise<void> {
    try {
      const empty = claims.map((claim) => ({ ...claim, destination: { ...claim.destination, allocations: [] } }));
      await this.#ask(context.detached().within(UNDO_TIME), request, empty);
    } catch (error) {
      this.logger.warn(
        { servers: claims.map(({ serverId }) => serverId), error: messageOf(error) },
        "a claim of unknown fate could not be taken back",
      );
    }
  }
}
