import type { HostRefusal } from "@kilonova/plugin-api";
import type { HostTable } from "../hosts/host-table.js";
import type { Evaluation } from "./evaluation.js";
import { explainDropped } from "./explain.js";
import { Stage, type StageDrop } from "./stages.js";

/** A host that dropped out of an evaluation after it was made: at which of its stages, and among whom it is counted. */
export interface LaterDrop {
  readonly stage: number;
  readonly drop: StageDrop;
}

/**
 * Counts a host as dropped that had passed, so that the stages tell of the hosts as they are now.
 *
 * @returns false where none of them drops it: it is no host any more
 */
export function noteDrop(hosts: HostTable, evaluation: Evaluation, slot: number): boolean {
  const found = hosts.isHost(slot) ? refusalOf(hosts, evaluation, slot) : undefined;
  const stage = found && evaluation.stages[found.stage];
  if (!found || !stage) return false;
  evaluation.later.set(slot, { stage: found.stage, drop: stage.drop(slot, found.refusal) });
  for (const after of evaluation.stages.slice(found.stage + 1)) after.pass(-1);
  return true;
}

/** Counts it as passing again. @returns false where it was out from the beginning: for what, nobody has kept */
export function noteReturn({ stages, later }: Evaluation, slot: number): boolean {
  const known = later.get(slot);
  const stage = known && stages[known.stage];
  if (!known || !stage) return false;
  later.delete(slot);
  stage.takeBack(slot, known.drop);
  for (const after of stages.slice(known.stage + 1)) after.pass(1);
  return true;
}

/** The first that drops it; the filters have been asked. */
function refusalOf(
  hosts: HostTable,
  { task, narrowed, filters }: Evaluation,
  slot: number,
): { readonly stage: number; readonly refusal: HostRefusal } | undefined {
  const alone = new Stage("resources", "resources", 1);
  explainDropped(hosts, task, narrowed, [slot], alone);
  const [lack] = alone.drops;
  if (lack) return { stage: 0, refusal: lack.refusal };
  for (const [index, { column }] of filters.entries()) {
    const verdict = column.verdicts[slot] ?? 0;
    if (verdict !== 0) return { stage: index + 1, refusal: column.refusal(verdict) };
  }
  return undefined;
}
