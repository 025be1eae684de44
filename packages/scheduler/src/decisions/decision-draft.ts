import { randomUUID } from "node:crypto";
import type { DecisionStage, SchedulingDecision } from "@kilonova/contracts";
import type { RequestContext } from "@kilonova/messaging";
import type { SelectDestinations } from "@kilonova/plugin-api";
import type { Plan } from "../engine/planner.js";
import type { Stage } from "../engine/stages.js";
import type { HostTable } from "../hosts/host-table.js";

/** How a selection ended. */
export interface DecisionEnd {
  readonly outcome: SchedulingDecision["outcome"];
  readonly message: string | null;
  /** In place of the evaluation's: all hosts asked anew. */
  readonly explained?: { readonly hosts: number; readonly stages: readonly Stage[] };
}

/** What one selection came to so far, for its record. */
export class DecisionDraft {
  readonly #began = performance.now();
  readonly #at = Date.now();
  readonly #refused: string[] = [];
  #attempts = 0;
  #plan: Plan | undefined;
  profile = "";
  chain = "";

  constructor(
    private readonly hosts: HostTable,
    private readonly scheduler: string,
    private readonly context: RequestContext,
    private readonly args: SelectDestinations,
  ) {}

  planned(plan: Plan): void {
    this.#plan = plan;
  }

  claimed(): void {
    this.#attempts++;
  }

  refused(host: string): void {
    this.#refused.push(host);
  }

  /** The record. To be made at once: hosts are named as they are now. */
  end({ outcome, message, explained }: DecisionEnd): SchedulingDecision {
    const { requestSpec, servers } = this.args;
    const plan = this.#plan;
    const task = plan?.evaluation.task;
    const isPlaced = outcome === "placed" || outcome === "dry-run";
    return {
      id: randomUUID(),
      at: new Date(this.#at).toISOString(),
      scheduler: this.scheduler,
      requestId: this.context.requestId,
      reason: requestSpec.reason,
      projectId: requestSpec.projectId,
      userId: requestSpec.userId,
      serverIds: servers.map(({ serverId }) => serverId),
      requestSpec,
      resourceRequest: task?.request.resourceRequest ?? null,
      profile: this.profile,
      chain: this.chain,
      outcome,
      message,
      hosts: explained?.hosts ?? plan?.evaluation.hosts ?? 0,
      stages: (explained?.stages ?? plan?.evaluation.stages ?? []).map((stage) => this.#stage(stage)),
      weigherTimes: Object.fromEntries(
        [...(plan?.evaluation.weigherTimes ?? [])].map(([name, ms]) => [name, rounded(ms)]),
      ),
      scores: (plan?.scores ?? []).map(({ host, score, weights }) => ({
        host: host.host,
        node: host.node,
        score: rounded(score),
        // Those that give it nothing are known by their times.
        weights: weights
          .filter(({ normalised, multiplier }) => normalised * multiplier !== 0)
          .map(({ weigher, raw, normalised, multiplier }) => ({
            weigher,
            raw: rounded(raw),
            normalised: rounded(normalised),
            multiplier,
          })),
      })),
      selections: isPlaced
        ? (plan?.selections ?? []).map(({ serverId, destination, alternates }) => ({
            serverId,
            host: destination.host,
            node: destination.node,
            alternates: alternates.map(({ host }) => host),
          }))
        : [],
      claims: { attempts: this.#attempts, refused: this.#refused },
      milliseconds: rounded(performance.now() - this.#began),
      shared: plan?.shared ?? false,
      sequence: this.hosts.mirror.sequence,
    };
  }

  #stage({ plugin, kind, hostsIn, hostsOut, milliseconds, drops }: Stage): DecisionStage {
    return {
      plugin,
      kind,
      hostsIn,
      hostsOut,
      milliseconds: rounded(milliseconds),
      drops: drops
        .toSorted((one, other) => other.hosts - one.hosts)
        .map(({ refusal, hosts, sample }) => ({
          code: refusal.code,
          words: refusal.words,
          outlook: refusal.outlook ?? "never",
          hosts,
          sample: sample.flatMap((slot) => this.hosts.at(slot)?.host ?? []),
        })),
    };
  }
}

/** To six digits behind the point: the rest is noise. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
