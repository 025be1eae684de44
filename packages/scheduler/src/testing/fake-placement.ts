import { capacityOf, usedAt } from "@kilonova/candidates";
import { type Claim, type Placement, type Provider, placementContract } from "@kilonova/contracts";
import {
  type Args,
  MemoryTransport,
  ok,
  type Result,
  Rpc,
  type RpcClient,
  type RpcHandler,
  refused,
} from "@kilonova/messaging";

/** Placement in memory, called over a transport: one that a test can make refuse, hang or forget. */
export class FakePlacement {
  readonly providers = new Map<string, Provider>();
  readonly claims = new Map<string, Claim>();
  /** Runs before a claim is looked at. */
  beforeClaim: (claims: readonly Claim[]) => Promise<void> | void = () => {};
  /** Runs when a claim was made, before the answer goes back. */
  afterClaim: () => Promise<void> | void = () => {};
  /** Runs when the answer to `changes` is there, before it goes back. */
  afterChanges: () => Promise<void> | void = () => {};
  /** How often each method was called. */
  readonly calls = { claim: 0, claimEach: 0, providers: 0, changes: 0, consumers: 0 };
  #sequence = 0;
  readonly #changed = new Map<string, number>();
  #reachesBackTo = 0;
  readonly #transport = new MemoryTransport();
  readonly rpc = new Rpc(this.#transport);

  get client(): RpcClient<Placement> {
    return this.rpc.client(placementContract);
  }

  async listen(): Promise<void> {
    const handlers = new Map<string, RpcHandler>([
      ["claim", (_context, args: Args<Placement, "claim">) => this.#claim(args.claims)],
      ["providers", (_context, args: Args<Placement, "providers">) => this.#page(args)],
      ["changes", (_context, args: Args<Placement, "changes">) => this.#changes(args)],
      ["claimEach", (_context, args: Args<Placement, "claimEach">) => this.#claimEach(args.claims)],
      ["consumers", (_context, args: Args<Placement, "consumers">) => this.#consumers(args)],
    ]);
    await this.rpc.serve({ topic: "placement", server: "host" }, [{ contract: placementContract, handlers }]);
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** A provider as it is from now on; told by the feed unless that is to miss it. */
  set(provider: Provider, isTold = true): void {
    const generation = (this.providers.get(provider.id)?.generation ?? -1) + (isTold ? 1 : 0);
    this.providers.set(provider.id, { ...provider, generation: Math.max(0, generation) });
    if (isTold) this.#changed.set(provider.id, ++this.#sequence);
  }

  delete(id: string): void {
    this.providers.delete(id);
    this.#changed.set(id, ++this.#sequence);
  }

  forgetChanges(): void {
    this.#reachesBackTo = ++this.#sequence;
    this.#changed.clear();
  }

  /** Gives a consumer what the claim says, as another scheduler would. */
  take(claim: Claim): void {
    this.#release(claim.consumerId);
    this.claims.set(claim.consumerId, claim);
    for (const { providerId, resources } of claim.allocations) this.#use(providerId, resources, 1);
  }

  async #claim(claims: readonly Claim[]): Promise<Result<Placement, "claim">> {
    this.calls.claim++;
    await this.beforeClaim(claims);
    const before = [new Map(this.providers), new Map(this.claims)] as const;
    for (const claim of claims) {
      const known = this.claims.get(claim.consumerId);
      if (known && known.fence > claim.fence) {
        this.#restore(...before);
        return refused("staleFence", { consumerId: claim.consumerId, newest: known.fence });
      }
      this.#release(claim.consumerId);
      for (const { providerId, resources } of claim.allocations) {
        const provider = this.providers.get(providerId);
        if (provider && hasRoom(provider, resources)) continue;
        this.#restore(...before);
        if (!provider) return refused("providerNotFound", { providerId });
        return refused("noCapacity", { consumerId: claim.consumerId, providerId, resourceClass: "VCPU" });
      }
      this.take(claim);
    }
    const broken = claims.find((claim) => this.#breaksPolicy(claim));
    if (broken?.group) {
      this.#restore(...before);
      const { consumerId, group, providerId = "" } = broken;
      return refused("groupPolicy", { consumerId, groupId: group.id, providerId });
    }
    await this.afterClaim();
    return ok();
  }

  async #claimEach(lists: readonly (readonly Claim[])[]): Promise<Result<Placement, "claimEach">> {
    this.calls.claimEach++;
    const outcomes: Result<Placement, "claimEach"> = [];
    for (const claims of lists) {
      const outcome = await this.#claim(claims);
      const nothing = { consumerId: null, providerId: null, resourceClass: null };
      if (outcome.ok) outcomes.push({ ok: true, refusal: null, ...nothing });
      else outcomes.push({ ok: false, refusal: outcome.refusal, ...nothing, ...outcome.details });
    }
    return outcomes;
  }

  /** Of the group's members on that host, or on others where all must be on one. */
  #breaksPolicy({ group, providerId }: Claim): boolean {
    if (!group) return false;
    const members = [...this.claims.values()].filter((each) => each.group?.id === group.id && each.providerId);
    if (group.policy === "affinity") return members.some((each) => each.providerId !== providerId);
    if (group.policy !== "anti-affinity") return false;
    return members.filter((each) => each.providerId === providerId).length > group.maxServerPerHost;
  }

  async #consumers({ consumerIds, groupId }: Args<Placement, "consumers">): Promise<Result<Placement, "consumers">> {
    this.calls.consumers++;
    return [...this.claims.values()]
      .filter(({ consumerId, group, allocations }) => {
        const isAsked = consumerIds.includes(consumerId) || (groupId !== null && group?.id === groupId);
        return isAsked && allocations.length > 0;
      })
      .map(({ consumerId, providerId = null, group }) => ({
        consumerId,
        providerId,
        groupId: group?.id ?? null,
        generation: 1,
      }));
  }

  async #page({ after, limit }: Args<Placement, "providers">): Promise<Result<Placement, "providers">> {
    this.calls.providers++;
    const rest = [...this.providers.values()]
      .filter(({ id }) => id > (after ?? ""))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    return { sequence: this.#sequence, providers: rest.slice(0, limit), more: rest.length > limit };
  }

  async #changes({ after }: Args<Placement, "changes">): Promise<Result<Placement, "changes">> {
    this.calls.changes++;
    const ids = [...this.#changed].filter(([, sequence]) => sequence > after).map(([id]) => id);
    const answer = {
      sequence: this.#sequence,
      providers: ids.flatMap((id) => this.providers.get(id) ?? []),
      deleted: ids.filter((id) => !this.providers.has(id)),
      more: false,
      reset: after < this.#reachesBackTo,
    };
    await this.afterChanges();
    return answer;
  }

  #release(consumerId: string): void {
    for (const { providerId, resources } of this.claims.get(consumerId)?.allocations ?? [])
      this.#use(providerId, resources, -1);
    this.claims.delete(consumerId);
  }

  #use(providerId: string, resources: Claim["allocations"][number]["resources"], sign: 1 | -1): void {
    const provider = this.providers.get(providerId);
    if (!provider) return;
    const used = { ...provider.used };
    for (const [name, amount] of Object.entries(resources)) used[name] = (used[name] ?? 0) + sign * amount;
    this.set({ ...provider, used, consumers: provider.consumers + sign });
  }

  #restore(providers: ReadonlyMap<string, Provider>, claims: ReadonlyMap<string, Claim>): void {
    for (const [id, provider] of providers) if (this.providers.get(id) !== provider) this.set(provider);
    this.claims.clear();
    for (const [id, claim] of claims) this.claims.set(id, claim);
  }
}

function hasRoom(provider: Provider, resources: Claim["allocations"][number]["resources"]): boolean {
  return Object.entries(resources).every(([name, amount]) => {
    const inventory = provider.inventories[name];
    return inventory !== undefined && usedAt(provider, name) + amount <= capacityOf(inventory);
  });
}
