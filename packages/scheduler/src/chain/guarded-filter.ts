import { inspect } from "node:util";
import { messageOf } from "@kilonova/messaging";
import type {
  HostFilter,
  HostNarrowing,
  HostRefusal,
  HostState,
  HostVerdict,
  SchedulingRequest,
} from "@kilonova/plugin-api";
import type { PluginGuard, PluginTurn } from "./plugin-guard.js";

/** So many hosts are asked about between two looks at the clock. */
const BATCH = 256;

/** Told the verdict on each host, by its place in the list. One that does not last is for this request alone. */
export type NoteVerdict = (index: number, verdict: true | HostRefusal, lasts: boolean) => void;

/** A filter, and the guard that stands round it. */
export class GuardedFilter {
  readonly #dropped: HostRefusal;

  constructor(
    readonly filter: HostFilter,
    readonly guard: PluginGuard,
  ) {
    this.#dropped = { code: "filtered", words: `are dropped by ${this.name}` };
  }

  get name(): string {
    return this.guard.origin.name;
  }

  get seesServers(): boolean {
    return this.filter.seesServers;
  }

  /** True where it must be asked about hosts for such a request. */
  concerns(request: SchedulingRequest): boolean {
    if (request.reason === "rebuild" && !this.filter.runsOnRebuild) return false;
    if (!this.filter.concerns) return true;
    const turn = this.guard.begin();
    return turn.ask(() => this.filter.concerns?.(request)) !== false;
  }

  /** All that it reads of a request; undefined where it does not say. */
  signature(request: SchedulingRequest): string | undefined {
    if (!this.filter.signature) return undefined;
    const signature: unknown = this.guard.begin().ask(() => this.filter.signature?.(request));
    return typeof signature === "string" ? signature : undefined;
  }

  /** The hosts beyond which there is none for it. */
  narrow(request: SchedulingRequest): { readonly within: HostNarrowing; readonly refusal: HostRefusal } | undefined {
    if (!this.filter.narrow) return undefined;
    return this.guard.begin().ask(() => {
      const answer: unknown = this.filter.narrow?.(request);
      if (answer === undefined || isNarrowed(answer)) return answer;
      throw new TypeError(
        `it narrows to ${inspect(answer, { depth: 0 })}, which is no part of the hosts with a refusal`,
      );
    });
  }

  /** Its verdict on one host. */
  verdict(host: HostState, request: SchedulingRequest): true | HostRefusal {
    const said: (true | HostRefusal)[] = [];
    this.ask([host], request, (_index, verdict) => said.push(verdict));
    return said[0] ?? true;
  }

  /** Its verdict on hosts, each told to `note` once, whatever becomes of the filter. @returns milliseconds it took */
  ask(hosts: readonly HostState[], request: SchedulingRequest, note: NoteVerdict): number {
    if (hosts.length === 0) return 0;
    if (this.guard.isOpen) {
      this.#without(hosts, 0, note, "is not asked for a while, since it failed or took too long again and again");
      return 0;
    }
    const turn = this.guard.begin(hosts.length);
    const ready = turn.prepare(() => this.filter.prepare?.(request));
    if ("problem" in ready) this.#without(hosts, 0, note, `fails: ${ready.problem}`);
    else this.#askAll(turn, hosts, request, ready.prepared, note);
    turn.end();
    return turn.spent;
  }

  #askAll(
    turn: PluginTurn,
    hosts: readonly HostState[],
    request: SchedulingRequest,
    prepared: unknown,
    note: NoteVerdict,
  ): void {
    for (let start = 0; start < hosts.length; start += BATCH) {
      if (turn.isOver) {
        this.#without(hosts, start, note, `takes more than ${this.guard.rules.timeLimit} ms a request`);
        return;
      }
      const batch = hosts.slice(start, start + BATCH);
      const answered = this.filter.hostsPass
        ? this.#askTogether(turn, batch, request, prepared, start, note)
        : this.#askInTurn(turn, batch, request, prepared, start, note);
      // One that fails within a batch is asked about each by itself: most will be well.
      if (!answered)
        for (const [index, host] of batch.entries()) this.#askOne(turn, host, request, prepared, start + index, note);
    }
  }

  #askTogether(
    turn: PluginTurn,
    hosts: readonly HostState[],
    request: SchedulingRequest,
    prepared: unknown,
    start: number,
    note: NoteVerdict,
  ): boolean {
    const verdicts = turn.attempt(() => {
      const answer: unknown = this.filter.hostsPass?.(hosts, request, prepared);
      return Array.isArray(answer) && answer.length === hosts.length && answer.every(isVerdict) ? answer : undefined;
    });
    if (!verdicts) return false;
    for (const [index, verdict] of verdicts.entries()) note(start + index, this.#read(verdict), true);
    return true;
  }

  /** False, and nothing noted, where it fails at one of them. */
  #askInTurn(
    turn: PluginTurn,
    hosts: readonly HostState[],
    request: SchedulingRequest,
    prepared: unknown,
    start: number,
    note: NoteVerdict,
  ): boolean {
    const { filter } = this;
    const verdicts = turn.attempt(() => {
      const found: HostVerdict[] = [];
      for (const host of hosts) {
        const verdict: unknown = filter.hostPasses(host, request, prepared);
        if (!isVerdict(verdict)) return undefined;
        found.push(verdict);
      }
      return found;
    });
    if (!verdicts) return false;
    for (const [index, verdict] of verdicts.entries()) note(start + index, this.#read(verdict), true);
    return true;
  }

  #askOne(
    turn: PluginTurn,
    host: HostState,
    request: SchedulingRequest,
    prepared: unknown,
    index: number,
    note: NoteVerdict,
  ): void {
    let problem = "";
    const verdict = turn.ask(() => {
      try {
        const answer: unknown = this.filter.hostPasses(host, request, prepared);
        if (isVerdict(answer)) return answer;
        throw new TypeError(`it answered ${inspect(answer, { depth: 0 })}, not true, false, or a code and words`);
      } catch (failure) {
        problem = messageOf(failure);
        throw failure;
      }
    }, host.host);
    if (verdict !== undefined) note(index, this.#read(verdict), true);
    else note(index, this.#instead("filter-failed", `fails: ${problem}`), false);
  }

  #without(hosts: readonly HostState[], start: number, note: NoteVerdict, why: string): void {
    const verdict = this.#instead("filter-unavailable", why);
    for (let index = start; index < hosts.length; index++) note(index, verdict, false);
  }

  /** What its policy says of a host that it could not be asked about. */
  #instead(code: string, why: string): true | HostRefusal {
    if (this.guard.rules.policy === "pass") return true;
    return { code, words: `are kept out by ${this.name}, which ${why}`, outlook: "needs" };
  }

  #read(verdict: HostVerdict): true | HostRefusal {
    return verdict === false ? this.#dropped : verdict;
  }
}

/** What a filter answers may come from a plugin that no compiler has seen. */
function isVerdict(value: unknown): value is HostVerdict {
  if (typeof value === "boolean") return true;
  return isRefusal(value);
}

const OUTLOOKS: readonly unknown[] = [undefined, "not-now", "never", "needs"];
const LISTS = ["hosts", "providerIds", "aggregates", "traits"] as const;

function isRefusal(value: unknown): value is HostRefusal {
  if (typeof value !== "object" || value === null) return false;
  const { code, words, outlook }: { code?: unknown; words?: unknown; outlook?: unknown } = value;
  return typeof code === "string" && typeof words === "string" && OUTLOOKS.includes(outlook);
}

function isNarrowed(value: unknown): value is { readonly within: HostNarrowing; readonly refusal: HostRefusal } {
  if (typeof value !== "object" || value === null) return false;
  const { within, refusal }: { within?: unknown; refusal?: unknown } = value;
  if (typeof within !== "object" || within === null || !isRefusal(refusal)) return false;
  const lists: Partial<Record<(typeof LISTS)[number], unknown>> = within;
  return LISTS.every((name) => lists[name] === undefined || isTexts(lists[name]));
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
