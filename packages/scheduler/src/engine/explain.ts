import type { HostRefusal, HostState, SchedulingRequest } from "@kilonova/plugin-api";
import type { HostTable } from "../hosts/host-table.js";
import type { Overrides } from "../hosts/host-view.js";
import { lackRefusal, mostShared } from "./lack-words.js";
import { meantSlots, type Narrowed, narrowed } from "./narrowing.js";
import { Stage } from "./stages.js";
import type { Task } from "./task.js";

/** Why hosts do not serve a request, each host under the first thing that drops it. */
export interface Explanation {
  /** How many hosts the request is about. */
  readonly hosts: number;
  readonly stages: readonly Stage[];
}

/** So many hosts without room are looked into on the path of a request. */
const MOST_EXPLAINED = 1_000;
const NOT_LOOKED_INTO: HostRefusal = { code: "no-room-either", words: "have no room either", outlook: "not-now" };
const NOTHING_TAKEN: Overrides = new Map();
const IGNORED: HostRefusal = { code: "ignored", words: "are to be left out" };

/**
 * Asks about every host anew, imagined as they are with what the request has taken so far: what a user is told who gets no
 * host, and an administrator who asks where a server would go. Costs as much as there are hosts.
 *
 * @param request as the next server asks it
 */
export function explain(hosts: HostTable, task: Task, request: SchedulingRequest, overrides: Overrides): Explanation {
  const meant = [...meantSlots(hosts, task)];
  const resources = new Stage("resources", "resources", meant.length);
  const left = withoutUnmeant(hosts, task, narrowed(hosts, task), meant, resources);
  let alive = withRoom(hosts, task, left, overrides, resources);
  const stages = [resources];
  for (const filter of task.chain.filters) {
    if (!filter.concerns(request)) continue;
    const stage = new Stage(filter.name, "filter", alive.length);
    stages.push(stage);
    const states = statesOf(hosts, alive, overrides);
    const kept: number[] = [];
    stage.milliseconds = filter.ask(states, request, (index, verdict) => {
      const slot = alive[index] ?? 0;
      if (verdict === true) kept.push(slot);
      else stage.drop(slot, verdict);
    });
    alive = kept.sort((one, other) => one - other);
  }
  return { hosts: meant.length, stages };
}

/**
 * Says in the stage why some hosts were dropped before any filter was asked, on the path of a request that may well be
 * served: of very many, it looks into some.
 *
 * @param within what filters narrow the request down to, as the caller has it already
 */
export function explainDropped(
  hosts: HostTable,
  task: Task,
  within: readonly Narrowed[],
  dropped: readonly number[],
  stage: Stage,
): void {
  const left = withoutUnmeant(hosts, task, within, dropped, stage);
  const step = Math.ceil(left.length / MOST_EXPLAINED);
  if (step <= 1) {
    withRoom(hosts, task, left, NOTHING_TAKEN, stage);
    return;
  }
  const some = left.filter((_, index) => index % step === 0);
  withRoom(hosts, task, some, NOTHING_TAKEN, stage);
  for (const [index, slot] of left.entries()) if (index % step !== 0) stage.drop(slot, NOT_LOOKED_INTO);
}

/** Drops what the request leaves out, and what filters narrow away. */
function withoutUnmeant(
  hosts: HostTable,
  task: Task,
  within: readonly Narrowed[],
  slots: readonly number[],
  stage: Stage,
): readonly number[] {
  if (within.length === 0 && task.ignoredHosts.size === 0) return slots;
  return slots.filter((slot) => {
    if (task.ignoredHosts.has(hosts.at(slot)?.host ?? "")) {
      stage.drop(slot, IGNORED);
      return false;
    }
    const outside = within.find((each) => !each.slots.has(slot));
    if (outside) stage.drop(slot, outside.refusal);
    return outside === undefined;
  });
}

/** Drops what has no room, each host under the lack that it shares with most others. */
function withRoom(
  hosts: HostTable,
  { compiled, words }: Task,
  slots: readonly number[],
  overrides: Overrides,
  stage: Stage,
): readonly number[] {
  if (!compiled) return slots;
  const { index } = hosts.mirror;
  const lacking: { readonly slot: number; readonly refusals: readonly HostRefusal[] }[] = [];
  const roomy: number[] = [];
  for (const slot of slots) {
    const lacks = index.lacks(slot, compiled, overrides);
    if (lacks.length === 0) roomy.push(slot);
    else lacking.push({ slot, refusals: lacks.map((lack) => lackRefusal(lack, words)) });
  }
  for (const { slot, refusal } of mostShared(lacking)) stage.drop(slot, refusal);
  return roomy;
}

function statesOf(hosts: HostTable, slots: readonly number[], overrides: Overrides): readonly HostState[] {
  return slots.flatMap((slot) => (overrides.size === 0 ? hosts.at(slot) : hosts.imagine(slot, overrides)) ?? []);
}
