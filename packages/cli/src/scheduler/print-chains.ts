import type { ChainPlugin, SchedulerChain } from "@kilonova/contracts";
import { type Column, printTable, type Row } from "../table.js";
import { styled, type Terminal } from "../terminal.js";
import { instantText, millisecondsText, numberText } from "./amounts.js";
import type { Chains } from "./replies.js";

const COLUMNS: readonly Column[] = [
  { title: "#", align: "right" },
  { title: "PLUGIN" },
  { title: "KIND" },
  { title: "FROM", shrinks: true },
  { title: "WEIGHT", align: "right" },
  { title: "MS", align: "right" },
  { title: "FAILED", align: "right" },
];

/** Prints the profiles of schedulers that run the same, then those of the next that do, and whether all do. */
export function printChains({ chains, silent, agree }: Chains, terminal: Terminal): void {
  for (const group of groupsOf(chains)) printGroup(group, terminal);
  const { words, isGood } = verdict(chains.length, silent.length, agree);
  terminal.print(styled(terminal, isGood ? "good" : "bad", words));
  if (silent.length > 0) terminal.print(styled(terminal, "bad", `No answer from ${silent.join(", ")}.`));
}

function verdict(
  answered: number,
  silent: number,
  agree: boolean,
): { readonly words: string; readonly isGood: boolean } {
  if (answered === 0) return { words: silent === 0 ? "No scheduler is up." : "No scheduler answered.", isGood: false };
  if (!agree) return { words: `The ${answered} schedulers that answered do not run the same.`, isGood: false };
  if (answered === 1) return { words: "The one scheduler that answered is shown.", isGood: true };
  return { words: `The ${answered} schedulers that answered run the same.`, isGood: true };
}

function groupsOf(chains: readonly SchedulerChain[]): readonly (readonly SchedulerChain[])[] {
  const groups = new Map<string, SchedulerChain[]>();
  for (const chain of chains) {
    const group = groups.get(chain.digest);
    if (group) group.push(chain);
    else groups.set(chain.digest, [chain]);
  }
  return [...groups.values()];
}

function printGroup(group: readonly SchedulerChain[], terminal: Terminal): void {
  const [first] = group;
  if (!first) return;
  const places = group.map(({ scheduler, loadedAt }) => `${scheduler} (since ${instantText(loadedAt)} UTC)`);
  terminal.print(`Chains ${first.digest} on ${places.join(", ")}`);
  for (const [index, profile] of first.profiles.entries()) {
    const { name, digest, chosenBy } = profile;
    const chosen = chosenBy.length === 0 ? "" : `, where ${chosenBy.join(", or ")}`;
    terminal.print("");
    terminal.print(`${styled(terminal, "heading", `Profile ${name}`)} (chain ${digest})${chosen}`);
    const rows = profile.plugins.map((plugin, order) => {
      const everywhere = group.flatMap((chain) => chain.profiles[index]?.plugins[order] ?? []);
      return rowOf(plugin, order + 1, everywhere);
    });
    printTable(terminal, COLUMNS, rows, "  ");
  }
  terminal.print("");
}

/** What happened to a plugin is added up over the schedulers; of the times, the longest counts. */
function rowOf(
  { name, kind, from, weight, policy }: ChainPlugin,
  order: number,
  everywhere: readonly ChainPlugin[],
): Row {
  const failed = everywhere.reduce((sum, { failures, overruns }) => sum + failures + overruns, 0);
  const open = everywhere.filter(({ isOpen }) => isOpen).length;
  const failing = kind === "weigher" ? "it counts nothing meanwhile" : "no host passes it meanwhile";
  const meanwhile = kind !== "weigher" && policy === "pass" ? "hosts pass it meanwhile" : failing;
  return {
    cells: [
      String(order),
      name,
      kind,
      from,
      weight === null ? "" : numberText(weight),
      millisecondsText(Math.max(...everywhere.map(({ milliseconds }) => milliseconds))),
      String(failed),
    ],
    ...(open > 0 ? { style: "note" as const } : {}),
    below: open === 0 ? [] : [`     ! switched off for a while on ${open} of ${everywhere.length}: ${meanwhile}`],
  };
}
