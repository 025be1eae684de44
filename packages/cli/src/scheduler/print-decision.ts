import type { DecisionDrop, DecisionScore, DecisionStage, SchedulingDecision } from "@kilonova/contracts";
import { type Column, cut, printTable, type Row } from "../table.js";
import { printable, styled, type Terminal, type TextStyle } from "../terminal.js";
import { counted, instantText, millisecondsText, numberText, tally } from "./amounts.js";
import { printFacts, wrapped } from "./print-facts.js";

/** Of the hosts with scores so many are printed. */
const BEST = 5;

/** The server that somebody asks about, as far as it is known. */
export interface AskedServer {
  readonly id: string;
  readonly name: string | undefined;
}

/** Prints a decision so that one sees why: what was asked, where hosts were lost, which were best, what came of it. */
export function printDecision(decision: SchedulingDecision, server: AskedServer | undefined, terminal: Terminal): void {
  printHead(decision, server, terminal);
  if (decision.stages.length > 0) printFunnel(decision, terminal);
  if (decision.scores.length > 0) printScores(decision, terminal);
  printEnd(decision, server, terminal);
}

function printHead(decision: SchedulingDecision, server: AskedServer | undefined, terminal: Terminal): void {
  const { reason, serverIds, projectId, requestId, at, scheduler, milliseconds, profile, message } = decision;
  const others = server && serverIds.length > 1 ? `, one of ${serverIds.length} in one request` : "";
  const { words, style } = outcomeOf(decision);
  printFacts(
    [
      { name: "Server", text: server && (server.name === undefined ? server.id : `${server.name} (${server.id})`) },
      { name: "Asked", text: `${reason}${others}` },
      { name: "By", text: `project ${projectId}, ${requestId}` },
      { name: "For", text: wantedText(decision.requestSpec) },
      {
        name: "Decided",
        text: `${instantText(at)} UTC by ${scheduler} in ${millisecondsText(milliseconds)} ms, profile ${profile}`,
      },
      { name: "Outcome", text: words, style },
      { name: "", text: message, style },
    ],
    terminal,
  );
}

function outcomeOf({ outcome, message }: SchedulingDecision): { readonly words: string; readonly style: TextStyle } {
  switch (outcome) {
    case "placed":
      return { words: "placed", style: "good" };
    case "no-valid-host":
      return { words: "no valid host", style: "bad" };
    case "stale-fence":
      return { words: "given up: a newer request took the server over", style: "note" };
    case "failed":
      return { words: "failed", style: "bad" };
    case "dry-run":
      return message === null
        ? { words: "dry run: it would be placed; nothing was claimed", style: "good" }
        : { words: "dry run: it would not be placed", style: "bad" };
  }
}

function wantedText(spec: SchedulingDecision["requestSpec"]): string {
  const { flavor, image, availabilityZone, forcedHost, forcedNode, requestedDestination, group, hints } = spec;
  const disk = flavor.rootGb + flavor.ephemeralGb;
  const named = requestedDestination?.node ?? requestedDestination?.host;
  const hinted = Object.keys(hints);
  const parts = [
    `flavor ${flavor.name} (${counted(flavor.vcpus, "VCPU")}, ${flavor.memoryMb} MB of memory, ${disk} GB of disk)`,
    image && `image ${image.id}`,
    availabilityZone && `zone ${availabilityZone}`,
    forcedHost && `forced to host ${forcedHost}`,
    forcedNode && `forced to node ${forcedNode}`,
    named && `to ${named}`,
    group && `group ${group.id} (${group.policy})`,
    hinted.length > 0 && `${hinted.length === 1 ? "hint" : "hints"} ${hinted.join(", ")}`,
  ];
  return parts.filter((part) => typeof part === "string" && part !== "").join(", ");
}

const FUNNEL: readonly Column[] = [
  { title: "STAGE" },
  { title: "IN", align: "right" },
  { title: "OUT", align: "right" },
  { title: "MS", align: "right" },
  { title: "" },
];

function printFunnel({ hosts, stages }: SchedulingDecision, terminal: Terminal): void {
  heading(`${counted(hosts, "host")}, and what dropped them`, terminal);
  const width = Math.max(...stages.flatMap(({ drops }) => drops.map((drop) => String(drop.hosts).length)), 1);
  const rows = stages.map((stage): Row => {
    const { plugin, kind, hostsIn, hostsOut, milliseconds, drops } = stage;
    const note = kind === "request-filter" ? "request filter" : "";
    return {
      cells: [plugin, String(hostsIn), String(hostsOut), millisecondsText(milliseconds), note],
      ...(isLast(stage) ? { style: "bad" as const } : {}),
      below: drops.map((drop) => dropLine(drop, width, terminal)),
    };
  });
  printTable(terminal, FUNNEL, rows, "  ");
}

/** True for the stage after which there was none left. */
function isLast({ hostsIn, hostsOut }: DecisionStage): boolean {
  return hostsIn > 0 && hostsOut === 0;
}

const OUTLOOKS = { "not-now": "not now", never: "never", needs: "needs a change" } as const;

function dropLine({ hosts, words, outlook, sample }: DecisionDrop, width: number, terminal: Terminal): string {
  const said = `      ${String(hosts).padStart(width)}  ${printable(words)}`;
  const few = sample.length < hosts ? `e.g. ${sample.join(", ")}` : sample.join(", ");
  const aside = `  (${OUTLOOKS[outlook]})${sample.length === 0 ? "" : `  ${few}`}`;
  return said + styled(terminal, "aside", cut(printable(aside), Math.max(0, terminal.width - said.length)));
}

const SCORES: readonly Column[] = [
  { title: "HOST", shrinks: true },
  { title: "SCORE", align: "right" },
  { title: "WEIGHER" },
  { title: "RAW", align: "right" },
  { title: "NORMALISED", align: "right" },
  { title: "MULTIPLIER", align: "right" },
  { title: "POINTS", align: "right" },
];

function printScores({ scores, weigherTimes }: SchedulingDecision, terminal: Terminal): void {
  const best = scores.slice(0, BEST);
  const telling = new Set(
    best.flatMap(({ weights }) => weights.filter((each) => pointsOf(each) !== 0).map(({ weigher }) => weigher)),
  );
  heading("Best hosts", terminal);
  printTable(
    terminal,
    SCORES,
    best.flatMap((score) => scoreRows(score, telling)),
    "  ",
  );
  const asked = [...best.flatMap(({ weights }) => weights.map(({ weigher }) => weigher)), ...Object.keys(weigherTimes)];
  const silent = [...new Set(asked)].filter((weigher) => !telling.has(weigher));
  const notes = [
    scores.length > BEST && `${scores.length - BEST} more with their scores in --json.`,
    silent.length > 0 && `No points from ${silent.join(", ")}.`,
  ];
  for (const note of notes.filter((each) => each !== false)) {
    for (const line of wrapped(note, terminal.width - 2)) terminal.print(styled(terminal, "aside", `  ${line}`));
  }
}

/** The host with its first weigher; the others below it. */
function scoreRows({ host, node, score, weights }: DecisionScore, telling: ReadonlySet<string>): readonly Row[] {
  const parts = weights
    .filter(({ weigher }) => telling.has(weigher))
    .map((each) => [
      each.weigher,
      numberText(each.raw),
      each.normalised.toFixed(3),
      `× ${numberText(each.multiplier)}`,
      pointsOf(each).toFixed(3),
    ]);
  const [first = [], ...rest] = parts;
  const name = placeText(host, node);
  return [{ cells: [name, score.toFixed(3), ...first] }, ...rest.map((part) => ({ cells: ["", "", ...part] }))];
}

function pointsOf({ normalised, multiplier }: DecisionScore["weights"][number]): number {
  return normalised * multiplier;
}

function printEnd(decision: SchedulingDecision, server: AskedServer | undefined, terminal: Terminal): void {
  const { selections, claims, chain, sequence, shared, trimmed = [] } = decision;
  const own = selections.find(({ serverId }) => serverId === server?.id);
  const others = selections.filter((each) => each !== own).map(({ host, node }) => placeText(host, node));
  const refusals = claims.refused.length === 0 ? "" : `, refused on ${tally(claims.refused)}`;
  const known = sequence === null ? "" : `, on placement's state ${sequence}`;
  terminal.print("");
  printFacts(
    [
      { name: "Chosen", text: own && placeText(own.host, own.node), style: "good" },
      { name: own ? "Others" : "Chosen", text: tally(others) },
      { name: "Alternates", text: (own ?? selections[0])?.alternates.join(", ") },
      { name: "Claims", text: claims.attempts > 0 ? `${counted(claims.attempts, "attempt")}${refusals}` : null },
      { name: "Times", text: timesText(decision) },
      { name: "Chain", text: `${chain}${known}` },
      {
        name: "Shared",
        text: shared ? "with an equal request before it; hosts that changed were looked at again" : null,
      },
      { name: "Left out", text: trimmed.length > 0 ? `${trimmed.join("; ")}: the record was too large` : null },
    ],
    terminal,
  );
}

function timesText({ stages, weigherTimes, milliseconds }: SchedulingDecision): string {
  const filtering = stages.reduce((sum, stage) => sum + stage.milliseconds, 0);
  const weighers = Object.entries(weigherTimes).toSorted(([, one], [, other]) => other - one);
  const weighing = weighers.reduce((sum, [, time]) => sum + time, 0);
  const rest = Math.max(0, milliseconds - filtering - weighing);
  const slowest = weighers
    .slice(0, 3)
    .map(([weigher, time]) => `${weigher} ${millisecondsText(time)}`)
    .join(", ");
  const each = slowest === "" ? "" : ` (${slowest})`;
  return `stages ${millisecondsText(filtering)} ms, weighers ${millisecondsText(weighing)} ms${each}, the rest ${millisecondsText(rest)} ms`;
}

function placeText(host: string, node: string): string {
  return node === host ? host : `${host} (${node})`;
}

function heading(text: string, terminal: Terminal): void {
  terminal.print("");
  terminal.print(styled(terminal, "heading", text));
}
