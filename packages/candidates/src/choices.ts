import { canGive } from "./capacity.js";
import type { CompiledGroup, CompiledRequest, Part } from "./compiled-request.js";
import { placeLacks, rootLacks } from "./provider-lacks.js";
import type { Seat, TreeView } from "./tree-view.js";

/** True where a provider can serve a part, as long as no other part takes anything. */
export function isChoice(seat: Seat, { group, asks }: Part, view: TreeView): boolean {
  for (const ask of asks) if (!canGive(seat.provider, ask)) return false;
  if (group.isPlaced && placeLacks(seat, group, view).length > 0) return false;
  if (!group.spreads) return haveRequired([seat], group);
  // What may be spread but asks for nothing is asked of the root.
  return asks.length > 0 || (seat.index === 0 && haveRequired([seat], group));
}

/** True where the providers together have, of each list that a group requires, one trait. */
export function haveRequired(seats: readonly Seat[], { required }: CompiledGroup): boolean {
  return required.every((traits) =>
    seats.some(({ provider }) => traits.some((trait) => provider.traits.includes(trait))),
  );
}

/** True where the root can serve everything by itself: there is no need to search then, whatever else there is. */
export function isRootEnough(view: TreeView, request: CompiledRequest): boolean {
  const [root] = view.seats;
  if (!root || (request.isolates && request.suffixed > 1)) return false;
  for (const part of request.parts) {
    if (!isChoice(root, part, view) || !haveRequired([root], part.group)) return false;
  }
  // Least unit and step hold for the sum where they hold for each.
  if (request.contended > 0 && !request.totals.every((ask) => canGive(root.provider, ask))) return false;
  return rootLacks(view.root, request).length === 0;
}
