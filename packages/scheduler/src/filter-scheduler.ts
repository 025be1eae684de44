import type { Placement, RequestSpec, SchedulingDecision } from "@kilonova/contracts";
import { messageOf, ok, type RequestContext, type RpcClient, refused } from "@kilonova/messaging";
import {
  CLAIMS,
  type Claims,
  HOST,
  inject,
  type Options,
  options,
  SchedulerDriver,
  type SchedulingRequest,
  type SelectDestinations,
  type SelectedDestinations,
  systemClock,
  type Token,
  token,
} from "@kilonova/plugin-api";
import type { Chain } from "./chain/chain.js";
import { CHAINS, type Chains } from "./chain/chains.js";
import { groupPolicyFilter } from "./chain/group-policy.js";
import type { GuardedFilter } from "./chain/guarded-filter.js";
import { DECISION_ARCHIVE, type DecisionArchive } from "./decisions/decision-archive.js";
import { DecisionDraft, type DecisionEnd } from "./decisions/decision-draft.js";
import { mayBeRoom } from "./engine/contested-room.js";
import { Evaluator } from "./engine/evaluator.js";
import { explain } from "./engine/explain.js";
import { missingTarget } from "./engine/narrowing.js";
import { type Plan, Planner } from "./engine/planner.js";
import { Stage } from "./engine/stages.js";
import type { Task } from "./engine/task.js";
import { HOST_TABLE, type HostTable } from "./hosts/host-table.js";
import { dropsOf, noValidHostReason } from "./no-valid-host.js";
import { schedulerOptions } from "./options.js";
import { type ReadRequest, readRequest, type UnreadRequest } from "./request/read-request.js";
import { factsOf, type RequestFacts } from "./request/request-facts.js";

/** Milliseconds for a request whose caller sets no deadline. */
const PATIENCE = 60_000;

/** Placement, as a client calls it. */
export const PLACEMENT: Token<RpcClient<Placement>> = token("placement-client");

/** A request that has a chain and can be read. */
interface Asked {
  readonly args: SelectDestinations;
  readonly chain: Chain;
  readonly read: ReadRequest;
  readonly draft: DecisionDraft;
}

/**
 * Takes the hosts that have room, drops those that a filter refuses, weighs the rest and claims the best. What others
 * claim meanwhile shows as a refused claim: then it catches up and plans anew. Whatever it decides it records, with all
 * that led to it.
 */
export class FilterScheduler extends SchedulerDriver {
  readonly #evaluator: Evaluator;
  readonly #planner: Planner;
  readonly #groupPolicy: GuardedFilter;

  constructor(
    @inject(HOST_TABLE) private readonly hosts: HostTable,
    @inject(CLAIMS) private readonly claims: Claims,
    @inject(PLACEMENT) private readonly placement: RpcClient<Placement>,
    @inject(CHAINS) private readonly chains: Chains,
    @inject(DECISION_ARCHIVE) private readonly decisions: Pick<DecisionArchive, "record">,
    @options(schedulerOptions) private readonly settings: Options<typeof schedulerOptions>,
    @inject(HOST) private readonly host: string,
  ) {
    super();
    this.#evaluator = new Evaluator(hosts);
    this.#planner = new Planner(hosts, settings);
    this.#groupPolicy = groupPolicyFilter(systemClock);
  }

  override async selectDestinations(caller: RequestContext, args: SelectDestinations): Promise<SelectedDestinations> {
    const context = caller.timeLeft() === undefined ? caller.within(PATIENCE) : caller;
    const draft = new DecisionDraft(this.hosts, this.host, context, args);
    try {
      if (args.requestSpec.reason === "rebuild") return await this.#check(context, args, draft);
      await this.hosts.ensureFresh(this.settings.mirrorMaxAge);
      return await this.#select(context, args, draft);
    } catch (error) {
      this.decisions.record(draft.end({ outcome: "failed", message: messageOf(error) }));
      throw error;
    }
  }

  /** Where such servers would go now, and why not elsewhere. */
  override async dryRun(context: RequestContext, args: SelectDestinations): Promise<SchedulingDecision> {
    const draft = new DecisionDraft(this.hosts, this.host, context, args);
    await this.hosts.refresh();
    // Only administrators ask so: they may try any profile.
    const asked = this.#read(
      args,
      draft,
      this.chains.chainFor(args.requestSpec, () => true),
    );
    if ("refusal" in asked) return this.#unread("dry-run", asked, draft);
    const plan = lastOf(this.#plans(asked, await this.#facts(context, args), 0));
    const explained = explain(this.hosts, plan.evaluation.task, plan.evaluation.task.request, new Map());
    const message = this.#isWhole(plan, args) ? null : this.#noValidHost(asked, plan).reason;
    return draft.end({ outcome: "dry-run", message, explained });
  }

  #read(
    args: SelectDestinations,
    draft: DecisionDraft,
    chain = this.chains.chainFor(args.requestSpec),
  ): Asked | UnreadRequest {
    if ("unknownProfile" in chain) {
      const words = `there is no scheduler profile ${chain.unknownProfile}`;
      return { refusal: { code: "no-such-profile", words, outlook: "needs" }, by: null };
    }
    draft.profile = chain.name;
    draft.chain = chain.digest;
    const read = readRequest(args.requestSpec, chain, {
      aggregates: this.hosts.aggregates,
      defaultAvailabilityZone: this.settings.defaultAvailabilityZone,
    });
    if ("refusal" in read) return read;
    return { args, chain: this.#applied(chain, args.requestSpec), read, draft };
  }

  /**
   * The chain as this request needs it: as in the original, a host that the zone names may be let off the filters; and a
   * group's hard policy is kept by whatever chain.
   */
  #applied(chain: Chain, { forcedHost, forcedNode, group }: RequestSpec): Chain {
    const isForced = forcedHost !== null || (forcedNode ?? null) !== null;
    const isLetOff = isForced && this.settings.forcedHostsSkipFilters;
    if (!isLetOff && !group) return chain;
    const filters = [...(isLetOff ? [] : chain.filters), ...(group ? [this.#groupPolicy] : [])];
    return { ...chain, id: `${chain.id} ${filters.length}`, filters };
  }

  async #select(
    context: RequestContext,
    args: SelectDestinations,
    draft: DecisionDraft,
  ): Promise<SelectedDestinations> {
    const chain = this.chains.chainFor(args.requestSpec);
    for (let refusals = 0, isFresh = false; ; ) {
      context.throwIfExpired();
      // Anew each time: what it asks for may lie in aggregates, and those change as well.
      const asked = this.#read(args, draft, chain);
      if ("refusal" in asked) {
        if (isFresh) return this.#impossible(asked, draft);
      } else {
        const plans = this.#plans(asked, await this.#facts(context, args), refusals);
        const plan = lastOf(plans);
        if (this.#isWhole(plan, args)) {
          draft.claimed();
          const refusal = await this.#claim(context, args, plan);
          if (!refusal) return this.#placed(asked, plan);
          if (refusal.refusal === "staleFence") return this.#stale(asked, refusal.serverId);
          refusals++;
          draft.refused(plan.selections.find(({ serverId }) => serverId === refusal.serverId)?.destination.host ?? "");
          // Others were quicker: what they took is all that has to be caught up with.
          await this.hosts.mirror.catchUp();
          continue;
        }
        const isContested = plans.some((each) => mayBeRoom(this.hosts, each));
        if (isFresh && !isContested) return this.#refuse(asked, plan);
        if (isContested) await this.hosts.mirror.landed();
      }
      await this.hosts.refresh();
      isFresh = true;
    }
  }

  /** A rebuild stays on its host and takes nothing more of it: what is asked is whether it may. */
  async #check(context: RequestContext, args: SelectDestinations, draft: DecisionDraft): Promise<SelectedDestinations> {
    await this.hosts.refresh();
    const asked = this.#read(args, draft);
    if ("refusal" in asked) return this.#impossible(asked, draft);
    const plan = lastOf(this.#plans(asked, await this.#facts(context, args), 0));
    return this.#isWhole(plan, args) ? this.#placed(asked, plan) : this.#refuse(asked, plan);
  }

  #facts(context: RequestContext, { requestSpec, servers }: SelectDestinations): Promise<RequestFacts> {
    const own = servers.map(({ serverId }) => serverId);
    return factsOf(context, this.placement, requestSpec, own);
  }

  /** One for each way of asking, up to the first that leads to a host for each server. */
  #plans(asked: Asked, facts: RequestFacts, refusals: number): readonly Plan[] {
    const { args, draft, read } = asked;
    const plans: Plan[] = [];
    for (const resourceRequest of read.alternatives) {
      const task = this.#task(asked, {
        ...args.requestSpec,
        ...facts,
        resourceRequest,
        serverCount: args.servers.length,
      });
      const { evaluation, shared } = this.#evaluator.evaluate(task);
      const plan = this.#planner.plan(evaluation, shared, args, refusals);
      plans.push(plan);
      if (this.#isWhole(plan, args)) break;
    }
    draft.planned(lastOf(plans));
    return plans;
  }

  #task({ args, chain, read }: Asked, request: SchedulingRequest): Task {
    return {
      chain,
      request,
      compiled: request.reason === "rebuild" ? undefined : this.hosts.mirror.index.compile(request.resourceRequest),
      words: read.words,
      ignoredHosts: new Set(args.ignoredHosts),
      key: keyOf(chain, request, args.ignoredHosts),
    };
  }

  #isWhole({ selections }: Plan, { servers }: SelectDestinations): boolean {
    return selections.length === servers.length;
  }

  #claim(context: RequestContext, args: SelectDestinations, { selections }: Plan) {
    const fences = new Map(args.servers.map(({ serverId, fence }) => [serverId, fence]));
    const claims = selections.map(({ serverId, destination }) => ({
      serverId,
      fence: fences.get(serverId) ?? 0,
      destination,
    }));
    return this.claims.claim(context, args.requestSpec, claims);
  }

  #placed({ draft }: Asked, { selections }: Plan): SelectedDestinations {
    this.decisions.record(draft.end({ outcome: "placed", message: null }));
    return ok([...selections]);
  }

  #stale({ draft }: Asked, serverId: string): SelectedDestinations {
    this.decisions.record(draft.end({ outcome: "stale-fence", message: `Server ${serverId} has a newer owner.` }));
    return refused("staleFence", { serverId });
  }

  #impossible(unread: UnreadRequest, draft: DecisionDraft): SelectedDestinations {
    this.decisions.record(this.#unread("no-valid-host", unread, draft));
    return refused("noValidHost", { reason: impossibleReason(unread), hosts: 0, drops: [] });
  }

  /** Where a request filter says that there can be no host, it is named as what drops them all. */
  #unread(outcome: DecisionEnd["outcome"], unread: UnreadRequest, draft: DecisionDraft): SchedulingDecision {
    const message = impossibleReason(unread);
    const { refusal, by } = unread;
    if (by === null) return draft.end({ outcome, message });
    const { slots } = this.hosts;
    const stage = new Stage(by, "request-filter", slots.length);
    for (const slot of slots) stage.drop(slot, refusal);
    return draft.end({ outcome, message, explained: { hosts: slots.length, stages: [stage] } });
  }

  #refuse(asked: Asked, plan: Plan): SelectedDestinations {
    const { reason, explained } = this.#noValidHost(asked, plan);
    const { hosts, stages } = explained;
    this.decisions.record(asked.draft.end({ outcome: "no-valid-host", message: reason, explained }));
    return refused("noValidHost", { reason, hosts, drops: dropsOf(stages) });
  }

  #noValidHost({ args }: Asked, { evaluation: { task }, selections, request, overrides }: Plan) {
    const explained = explain(this.hosts, task, request, overrides);
    const missing = explained.hosts === 0 ? missingTarget(this.hosts, task) : undefined;
    if (missing !== undefined) return { reason: `No valid host was found: there is no ${missing}.`, explained };
    const count = args.servers.length;
    const lead =
      selections.length === 0
        ? "No valid host was found"
        : `No valid host was found for ${count - selections.length} of ${count} servers`;
    return { reason: noValidHostReason(explained.hosts, dropsOf(explained.stages), lead), explained };
  }
}

function lastOf(plans: readonly Plan[]): Plan {
  const last = plans.at(-1);
  if (!last) throw new TypeError("a request can be asked in one way at least");
  return last;
}

function impossibleReason({ refusal }: UnreadRequest): string {
  return `No valid host can be found: ${refusal.words}.`;
}

/**
 * What makes two requests equal: all that a plugin may read of them, but for the reservation. Those that look at where other
 * servers are equal no other.
 */
function keyOf(chain: Chain, request: SchedulingRequest, ignoredHosts: readonly string[]): string | undefined {
  if (request.group || request.serverHosts.size > 0) return undefined;
  const { reservationId: _, serverHosts: __, groupMembers: ___, ...same } = request;
  return JSON.stringify([chain.id, same, ignoredHosts]);
}
