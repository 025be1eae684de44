import type { HostNarrowing, HostRefusal } from "@kilonova/plugin-api";
import type { HostTable } from "../hosts/host-table.js";
import type { Task } from "./task.js";

/** Slots beyond which a filter lets no host pass, and why. */
export interface Narrowed {
  readonly filter: string;
  readonly slots: ReadonlySet<number>;
  readonly refusal: HostRefusal;
}

/**
 * The hosts that a request is about at all: all, or those that it names. Who is not among them is not counted as dropped.
 */
export function meantSlots(hosts: HostTable, { request }: Task): Int32Array {
  const { forcedHost, forcedNode, requestedDestination } = request;
  const names = [forcedHost, requestedDestination?.host].flatMap((name) => name ?? []);
  const nodes = [forcedNode, requestedDestination?.node].flatMap((node) => node ?? []);
  if (names.length === 0 && nodes.length === 0) return hosts.slots;
  const [name, ...others] = names;
  const found = name === undefined ? [...hosts.slots] : hosts.slotsOf(name).filter((slot) => hosts.isHost(slot));
  return Int32Array.from(
    found.filter((slot) => {
      const state = hosts.at(slot);
      return (
        state !== undefined && others.every((each) => each === state.host) && nodes.every((each) => each === state.node)
      );
    }),
  );
}

/** What a request names that there is not, as it goes on after "there is no". */
export function missingTarget(hosts: HostTable, { request }: Task): string | undefined {
  const { forcedHost, forcedNode, requestedDestination } = request;
  const host = forcedHost ?? requestedDestination?.host ?? undefined;
  if (host !== undefined && hosts.slotsOf(host).length === 0) return `host ${host}`;
  const node = forcedNode ?? requestedDestination?.node ?? undefined;
  if (node === undefined) return undefined;
  return host === undefined ? `hypervisor ${node}` : `hypervisor ${node} on host ${host}`;
}

/** Where filters narrow a request down by an index. */
export function narrowed(hosts: HostTable, { chain, request }: Task): readonly Narrowed[] {
  return chain.filters.flatMap((filter) => {
    if (!filter.filter.narrow || !filter.concerns(request)) return [];
    const answer = filter.narrow(request);
    return answer ? [{ filter: filter.name, slots: slotsWithin(hosts, answer.within), refusal: answer.refusal }] : [];
  });
}

function slotsWithin(hosts: HostTable, within: HostNarrowing): ReadonlySet<number> {
  const { index } = hosts.mirror;
  const sets: ReadonlySet<number>[] = [];
  if (within.hosts) sets.push(new Set(within.hosts.flatMap((name) => hosts.slotsOf(name))));
  if (within.providerIds) sets.push(new Set(within.providerIds.flatMap((id) => index.slotOf(id) ?? [])));
  if (within.aggregates) sets.push(new Set(within.aggregates.flatMap((uuid) => [...index.slotsInAggregate(uuid)])));
  for (const trait of within.traits ?? []) sets.push(index.slotsWithTrait(trait));
  const [first, ...others] = sets.toSorted((one, other) => one.size - other.size);
  if (!first) return new Set(hosts.slots);
  return new Set([...first].filter((slot) => others.every((set) => set.has(slot))));
}
