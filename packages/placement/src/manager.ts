import { type Placement, placementContract } from "@kilonova/contracts";
import { type Database, databaseOf } from "@kilonova/database";
import { type Args, type Handlers, type RequestContext, type Result, refused } from "@kilonova/messaging";
import { inject, Manager, manager, type Options, options, periodicTask, rpcMethod } from "@kilonova/plugin-api";
import { Allocations } from "./allocations.js";
import { Claims } from "./claims.js";
import { Feed } from "./feed.js";
import { forgetConsumers, forgetProviders } from "./forget.js";
import { HostBounds } from "./host-bounds.js";
import { placementOptions } from "./options.js";
import { ProviderContents } from "./provider-contents.js";
import { Registry } from "./registry.js";

/** Who has what, and who takes it: providers, inventories, claims, and the feed of what changes in them. */
@manager(placementContract)
export class PlacementManager extends Manager implements Handlers<Placement> {
  readonly #registry: Registry;
  readonly #contents: ProviderContents;
  readonly #claims: Claims;
  readonly #allocations: Allocations;
  readonly #feed: Feed;
  readonly #bounds: HostBounds;

  constructor(
    @inject(databaseOf("placement")) private readonly database: Database,
    @options(placementOptions) private readonly settings: Options<typeof placementOptions>,
  ) {
    super();
    this.#registry = new Registry(database);
    this.#contents = new ProviderContents(database);
    this.#claims = new Claims(database);
    this.#allocations = new Allocations(database);
    this.#feed = new Feed(database);
    this.#bounds = new HostBounds(database);
  }

  @rpcMethod()
  async ensureProvider(
    context: RequestContext,
    args: Args<Placement, "ensureProvider">,
  ): Promise<Result<Placement, "ensureProvider">> {
    this.#bounds.checkNew(context, args.id, args.name, args.parentId);
    return this.#registry.ensureProvider(args);
  }

  @rpcMethod()
  async setInventories(
    context: RequestContext,
    args: Args<Placement, "setInventories">,
  ): Promise<Result<Placement, "setInventories">> {
    await this.#bounds.checkProvider(context, args.providerId);
    return this.#contents.setInventories(args);
  }

  @rpcMethod()
  async setTraits(
    context: RequestContext,
    args: Args<Placement, "setTraits">,
  ): Promise<Result<Placement, "setTraits">> {
    await this.#bounds.checkProvider(context, args.providerId);
    return this.#contents.setTraits(args);
  }

  @rpcMethod()
  setAggregates(
    _context: RequestContext,
    args: Args<Placement, "setAggregates">,
  ): Promise<Result<Placement, "setAggregates">> {
    return this.#contents.setAggregates(args);
  }

  @rpcMethod()
  deleteProvider(
    _context: RequestContext,
    args: Args<Placement, "deleteProvider">,
  ): Promise<Result<Placement, "deleteProvider">> {
    return this.#registry.deleteProvider(args);
  }

  @rpcMethod()
  async claim(context: RequestContext, { claims }: Args<Placement, "claim">): Promise<Result<Placement, "claim">> {
    const elsewhere = await this.#bounds.elsewhere(context, claims);
    if (elsewhere) return refused("staleFence", { consumerId: elsewhere.consumerId, newest: elsewhere.fence });
    return this.#claims.claim(claims);
  }

  @rpcMethod()
  claimEach(
    _context: RequestContext,
    { claims }: Args<Placement, "claimEach">,
  ): Promise<Result<Placement, "claimEach">> {
    return this.#claims.claimEach(claims);
  }

  @rpcMethod()
  consumers(_context: RequestContext, args: Args<Placement, "consumers">): Promise<Result<Placement, "consumers">> {
    return this.#allocations.whereabouts(args);
  }

  @rpcMethod()
  allocations(
    _context: RequestContext,
    args: Args<Placement, "allocations">,
  ): Promise<Result<Placement, "allocations">> {
    return this.#allocations.ofConsumers(args.consumerIds);
  }

  @rpcMethod()
  async consumersOf(
    context: RequestContext,
    args: Args<Placement, "consumersOf">,
  ): Promise<Result<Placement, "consumersOf">> {
    await this.#bounds.checkProvider(context, args.providerId);
    return this.#allocations.ofProvider(args.providerId);
  }

  @rpcMethod()
  providers(_context: RequestContext, args: Args<Placement, "providers">): Promise<Result<Placement, "providers">> {
    return this.#feed.page(args);
  }

  @rpcMethod()
  changes(_context: RequestContext, args: Args<Placement, "changes">): Promise<Result<Placement, "changes">> {
    return this.#feed.changes(args);
  }

  @periodicTask({ every: "1h", once: "cluster" })
  async forget(_context: RequestContext): Promise<void> {
    await forgetProviders(this.database, this.settings.keepDeletedProviders);
    await forgetConsumers(this.database, this.settings.keepConsumers);
  }
}
