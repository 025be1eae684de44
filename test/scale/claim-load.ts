import { randomUUID } from "node:crypto";
import type { Claim, ServerGroupRule } from "@kilonova/contracts";
import { sampleRequestSpec } from "@kilonova/plugin-testing";
import type { Capacity } from "../contracts/known-host.js";
import type { SchedulingCloud } from "../e2e/scheduling-cloud.js";
import type { ClaimHistory, Holding, Question, Wish } from "./claim-history.js";

/** So full the cloud is kept: servers go as others come. */
const FULLNESS = 0.9;
/** So many are taken away with one call at most. */
const PORTION = 100;

export interface LoadSettings {
  /** How many ask at the same time. */
  readonly clients: number;
  /** Over when so many servers have been placed … */
  readonly servers: number;
  /** … or after so many milliseconds. */
  readonly timeLimit: number;
  /** Milliseconds that a client waits for an answer. */
  readonly patience: number;
  readonly groups: readonly ServerGroupRule[];
  /** The scheduler to ask next; undefined: whichever takes the call. */
  readonly nextScheduler: () => string | undefined;
}

/** Clients that have servers of random sizes placed, alone, in one request for several, and in groups, and take others away. */
export class ClaimLoad {
  requests = 0;
  /** Those that were not answered: what became of them is not known. */
  readonly unanswered: { readonly question: Question; readonly error: unknown }[] = [];
  readonly #watchers: { readonly servers: number; readonly resolve: () => void }[] = [];

  constructor(
    private readonly cloud: SchedulingCloud,
    private readonly history: ClaimHistory,
    private readonly settings: LoadSettings,
  ) {}

  async run(): Promise<void> {
    const end = performance.now() + this.settings.timeLimit;
    await Promise.all(Array.from({ length: this.settings.clients }, () => this.#client(end)));
  }

  /** Takes away all that is left. */
  async clear(): Promise<void> {
    while (this.history.present.length > 0) await this.#takeAway(PORTION);
  }

  /** Resolves when so many servers have been placed. */
  placed(servers: number): Promise<void> {
    return new Promise((resolve) => this.#watchers.push({ servers, resolve }));
  }

  async #client(end: number): Promise<void> {
    while (this.history.placed < this.settings.servers && performance.now() < end) {
      const wish = this.#wish();
      const isRefused = (await this.#ask(wish)) === "refused";
      this.#tell();
      if (isRefused || this.history.fullness > FULLNESS) await this.#takeAway(random(1, wish.serverIds.length));
    }
  }

  async #ask(wish: Wish): Promise<"placed" | "refused" | "unanswered"> {
    const { size, serverIds, group } = wish;
    const { context } = this.cloud;
    const flavor = { vcpus: size.VCPU, memoryMb: size.MEMORY_MB, rootGb: size.DISK_GB };
    const request = {
      requestSpec: sampleRequestSpec({ flavor, group }),
      servers: serverIds.map((serverId) => ({ serverId, fence: 1 })),
      alternates: 2,
      ignoredHosts: [],
    };
    const scheduler = this.cloud.scheduler(this.settings.nextScheduler());
    const question = this.history.ask(wish);
    this.requests++;
    try {
      const outcome = await scheduler.selectDestinations(context.within(this.settings.patience), request);
      if (outcome.ok) {
        const hosts = outcome.value.map(({ destination }) => destination.host);
        this.history.place(question, hosts);
        return "placed";
      }
      if (outcome.refusal !== "noValidHost") throw new Error(outcome.refusal);
      this.history.refuse(question, outcome.details.reason);
      return "refused";
    } catch (error) {
      this.unanswered.push({ question, error });
      return "unanswered";
    }
  }

  /** As a conductor does whose servers were deleted: what they have is nothing from now on. */
  async #takeAway(howMany: number): Promise<void> {
    const holdings = this.history.drawSome(howMany);
    if (holdings.length === 0) return;
    const outcome = await this.cloud.placement.claim(this.cloud.context, { claims: holdings.map(emptyClaim) });
    if (!outcome.ok) throw new Error(`servers cannot be taken away: ${outcome.refusal}`);
    this.history.forget(holdings);
  }

  #wish(): Wish {
    const howMany = chance(0.4) ? random(2, 8) : 1;
    const serverIds = Array.from({ length: howMany }, () => randomUUID());
    return { size: randomSize(), serverIds, group: chance(0.25) ? this.#group(howMany) : null };
  }

  #group(howMany: number): ServerGroupRule | null {
    const { groups } = this.settings;
    if (howMany === 1 || chance(0.5)) return groups[random(0, groups.length - 1)] ?? null;
    return { id: `together-${randomUUID()}`, policy: "affinity", maxServerPerHost: 1 };
  }

  #tell(): void {
    for (const { servers, resolve } of this.#watchers) if (this.history.placed >= servers) resolve();
  }
}

/** Of a newer owner. */
function emptyClaim({ serverId }: Pick<Holding, "serverId">): Claim {
  return { consumerId: serverId, fence: 2, projectId: "project", userId: "user", allocations: [] };
}

function randomSize(): Capacity {
  // Some are so large that few hosts can take them.
  const most = chance(0.05) ? 4 : 1;
  return { VCPU: random(1, 6 * most), MEMORY_MB: random(256, 8_192 * most), DISK_GB: random(1, 80 * most) };
}

function random(least: number, most: number): number {
  return least + Math.floor(Math.random() * (most - least + 1));
}

function chance(part: number): boolean {
  return Math.random() < part;
}
