import type { Inventory, Placement, Provider } from "@kilonova/contracts";
import type { Database, Queryable } from "@kilonova/database";
import { type Args, type Ok, ok, type Result, refused } from "@kilonova/messaging";
import { and, eq, isNull } from "drizzle-orm";
import { replaceInventories } from "./inventories.js";
import { readProvider } from "./provider-documents.js";
import { replaceSet } from "./provider-sets.js";
import { isResourceClass } from "./resource-class.js";
import { nextGeneration, providers } from "./tables.js";
import { isTrait } from "./trait.js";

/** The provider as the caller saw it last. */
interface Seen {
  readonly providerId: string;
  readonly generation: number;
}

interface Refusal {
  readonly ok: false;
}

type Conflict = Exclude<Result<Placement, "setAggregates">, { ok: true }>;

/**
 * What providers have: inventories, traits, aggregates. Each change is one transaction that holds the provider's lock,
 * made on the generation that the caller saw; one that changes nothing raises nothing.
 */
export class ProviderContents {
  constructor(private readonly database: Database) {}

  async setInventories(args: Args<Placement, "setInventories">): Promise<Result<Placement, "setInventories">> {
    for (const [resourceClass, inventory] of Object.entries(args.inventories)) {
      if (!isResourceClass(resourceClass)) return refused("badResourceClass", { resourceClass });
      const problem = problemOf(inventory);
      if (problem !== undefined) return refused("badInventory", { resourceClass, problem });
    }
    return this.#change(args, (tx) => replaceInventories(tx, args.providerId, args.inventories));
  }

  async setTraits(args: Args<Placement, "setTraits">): Promise<Result<Placement, "setTraits">> {
    const bad = args.traits.find((trait) => !isTrait(trait));
    if (bad !== undefined) return refused("badTrait", { trait: bad });
    return this.#change<never>(args, (tx) => replaceSet(tx, "traits", args.providerId, args.traits));
  }

  async setAggregates(args: Args<Placement, "setAggregates">): Promise<Result<Placement, "setAggregates">> {
    return this.#change<never>(args, (tx) => replaceSet(tx, "aggregates", args.providerId, args.aggregates));
  }

  /** @param replace says whether anything is other than it was, or what it refuses before it has changed anything */
  async #change<Refused extends Refusal>(
    { providerId, generation: seen }: Seen,
    replace: (tx: Queryable) => Promise<boolean | Refused>,
  ): Promise<Ok<Provider> | Conflict | Refused> {
    return this.database.transaction(async (tx) => {
      const [locked] = await tx
        .select({ generation: providers.generation })
        .from(providers)
        .where(and(eq(providers.id, providerId), isNull(providers.deletedAt)))
        .for("no key update");
      if (!locked) return refused("providerNotFound", { providerId });
      const { generation } = locked;
      if (generation !== seen) return refused("generationConflict", { providerId, generation });
      const outcome = await replace(tx);
      if (typeof outcome === "object") return outcome;
      if (outcome) await tx.update(providers).set(nextGeneration).where(eq(providers.id, providerId));
      return ok(await readProvider(tx, providerId));
    });
  }
}

function problemOf({ reserved, total, minUnit, maxUnit }: Inventory): string | undefined {
  if (reserved > total) return `reserved ${reserved} is more than total ${total}`;
  if (maxUnit < minUnit) return `maxUnit ${maxUnit} is less than minUnit ${minUnit}`;
  return undefined;
}
