import { randomUUID } from "node:crypto";
import type { Claim, Inventory, Provider, Resources } from "@kilonova/contracts";
import { RequestContext } from "@kilonova/messaging";
import { type LivePlacement, livePlacement } from "./live-placement.js";

/** Eight of something, to be had in any pieces. */
export const eight: Inventory = {
  total: 8,
  reserved: 0,
  minUnit: 1,
  maxUnit: 1_000_000,
  stepSize: 1,
  allocationRatio: 1,
};

/** What was answered, where it was not refused. */
export function value<Value>(outcome: { ok: true; value: Value } | { ok: false; refusal: string }): Value {
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome)}`);
  return outcome.value;
}

/** A claim of so much from each of some providers. */
export function claimOf(
  consumerId: string,
  fence: number,
  taken: Readonly<Record<string, Resources>>,
  more: Partial<Claim> = {},
): Claim {
  const allocations = Object.entries(taken).map(([providerId, resources]) => ({ providerId, resources }));
  return { consumerId, fence, projectId: "project", userId: "user", allocations, ...more };
}

/** A live placement with short ways to what tests do to it all the time. */
export class PlacementScene {
  readonly context = RequestContext.admin();

  private constructor(readonly live: LivePlacement) {}

  static async start(): Promise<PlacementScene> {
    return new PlacementScene(await livePlacement());
  }

  get call(): LivePlacement["call"] {
    return this.live.call;
  }

  async newProvider(
    inventories: Record<string, Partial<Inventory>> = { VCPU: {} },
    parentId: string | null = null,
  ): Promise<Provider> {
    const id = randomUUID();
    const made = value(await this.call.ensureProvider(this.context, { id, name: `host-${id}`, parentId }));
    const full = Object.fromEntries(Object.entries(inventories).map(([name, part]) => [name, { ...eight, ...part }]));
    const args = { providerId: id, generation: made.generation, inventories: full };
    return value(await this.call.setInventories(this.context, args));
  }

  claim(...claims: Claim[]) {
    return this.call.claim(this.context, { claims });
  }

  claimEach(...claims: Claim[][]) {
    return this.call.claimEach(this.context, { claims });
  }

  /** The provider with that id, as the feed's pages tell of it. */
  async now(id: string): Promise<Provider> {
    let after: string | null = null;
    for (let more = true; more; ) {
      const page: Awaited<ReturnType<LivePlacement["call"]["providers"]>> = await this.call.providers(this.context, {
        after,
        limit: 1000,
      });
      const found = page.providers.find((provider) => provider.id === id);
      if (found) return found;
      after = page.providers.at(-1)?.id ?? null;
      more = page.more;
    }
    throw new Error(`no provider ${id}`);
  }

  async generationOf(consumerId: string): Promise<number> {
    const [consumer] = await this.call.consumers(this.context, { consumerIds: [consumerId], groupId: null });
    return consumer?.generation ?? 0;
  }

  stop(): Promise<void> {
    return this.live.stop();
  }
}
