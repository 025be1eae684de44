import type { Provider } from "@kilonova/contracts";
import type { HostTable } from "../hosts/host-table.js";
import { fitting } from "./fitting.js";
import { meantSlots } from "./narrowing.js";
import type { Plan } from "./planner.js";

/**
 * True where a plan that is not whole might be, but for claims of this process that may yet fail, or that are counted twice
 * until placement has told of them: nobody is to be refused for those. Rather too often than too rarely.
 */
export function mayBeRoom(hosts: HostTable, plan: Plan): boolean {
  const { task } = plan.evaluation;
  const { index } = hosts.mirror;
  const contested = hosts.mirror.contested();
  if (!task.compiled || contested.length === 0) return false;
  const told = new Map(contested.map((provider) => [provider.id, provider]));
  const { serverCount } = task.request;
  const isTogether = task.request.group?.policy === "affinity";
  let missing = isTogether ? serverCount : serverCount - plan.selections.length;
  for (const slot of slotsWith(hosts, plan, contested)) {
    if (!isOpen(hosts, plan, slot, told)) continue;
    const room = fitting(index, slot, task.compiled, serverCount, told);
    if (isTogether && room === serverCount) return true;
    if (isTogether) continue;
    const more = room - fitting(index, slot, task.compiled, serverCount);
    missing -= Math.min(more, allowedAt(hosts, plan, slot));
    if (missing <= 0) return true;
  }
  return false;
}

/** The hosts that the request is about and that have to do with these providers. */
function slotsWith(hosts: HostTable, { evaluation }: Plan, providers: readonly Provider[]): readonly number[] {
  const { index } = hosts.mirror;
  const meant = meantSlots(hosts, evaluation.task);
  const slots = new Set(providers.flatMap(({ rootId }) => index.slotOf(rootId) ?? []));
  // What is no host's own is shared, with whom is not asked here.
  if ([...slots].some((slot) => !hosts.isHost(slot))) return [...meant];
  return meant === hosts.slots ? [...slots] : [...slots].filter((slot) => meant.includes(slot));
}

/** True where all filters let the host pass, were its providers like that. */
function isOpen(hosts: HostTable, { evaluation, request }: Plan, slot: number, told: ReadonlyMap<string, Provider>) {
  const { task, narrowed, filters } = evaluation;
  if (!narrowed.every(({ slots }) => slots.has(slot))) return false;
  const state = hosts.imagine(slot, told);
  if (!state || task.ignoredHosts.has(state.host)) return false;
  // Where all are to be on one host, those that the plan put on another stand in nobody's way.
  const asker = task.request.group?.policy === "affinity" ? task.request : request;
  return filters.every(({ filter }) => filter.verdict(state, asker) === true);
}

/** How many more of the group's members may be on a host. */
function allowedAt(hosts: HostTable, { request: { group, groupMembers } }: Plan, slot: number): number {
  if (group?.policy !== "anti-affinity") return Number.POSITIVE_INFINITY;
  return group.maxServerPerHost - (groupMembers.get(hosts.mirror.index.rootAt(slot)?.id ?? "") ?? 0);
}
