import type { ServerGroupRule } from "@kilonova/contracts";
import type { Capacity } from "../contracts/known-host.js";

/** What a request asks for: servers of one size, all or none. */
export interface Wish {
  readonly size: Capacity;
  readonly serverIds: readonly string[];
  /** With affinity: one that has no other members. */
  readonly group: ServerGroupRule | null;
}

/** A request that was sent. */
export interface Question {
  readonly wish: Wish;
  /** When: events are numbered. */
  readonly since: number;
}

/** What a server takes, or may take, from the moment that somebody asked for it until it is known to be gone. */
export interface Holding {
  readonly serverId: string;
  readonly host: string;
  readonly size: Capacity;
  readonly groupId: string | null;
  readonly from: number;
  until: number;
}

interface Refusal extends Question {
  readonly until: number;
  readonly reason: string;
}

/** What one host certainly had all the while. */
interface CertainRoom {
  readonly host: string;
  readonly servers: number;
  readonly free: Capacity;
}

type ResourceClass = keyof Capacity;
/** So many hosts are named in a story. */
const TOLD = 5;
const NOTHING: Capacity = { VCPU: 0, MEMORY_MB: 0, DISK_GB: 0 };
const CLASSES: readonly ResourceClass[] = ["VCPU", "MEMORY_MB", "DISK_GB"];

/**
 * What a test asked of schedulers, in the order of its own events, and what it can tell for certain of the room that hosts
 * had: their capacity less all that was claimed, or may have been, at any one moment. A refusal is judged when all is
 * known that was under way at the time, and what is no longer needed for that is forgotten.
 */
export class ClaimHistory {
  /** Requests that were refused although there was room for them all the while: a story each. */
  readonly wrongRefusals: string[] = [];
  readonly #holdings: ReadonlyMap<string, Holding[]>;
  readonly #present: Holding[] = [];
  /** In the order in which they were asked. */
  readonly #underWay = new Set<Question>();
  /** Those that are not judged yet, in the order in which they came. */
  readonly #open: Refusal[] = [];
  #now = 0;
  #placed = 0;
  #refused = 0;

  constructor(private readonly capacities: ReadonlyMap<string, Capacity>) {
    this.#holdings = new Map([...capacities.keys()].map((host) => [host, []]));
  }

  /** How many servers have been placed. */
  get placed(): number {
    return this.#placed;
  }

  /** How many requests have been refused. */
  get refused(): number {
    return this.#refused;
  }

  /** What has been placed and is not being taken away. */
  get present(): readonly Holding[] {
    return this.#present;
  }

  /** Which part is taken of what is scarcest. */
  get fullness(): number {
    const sum = (sizes: readonly Capacity[], each: ResourceClass) =>
      sizes.reduce((total, size) => total + size[each], 0);
    const taken = this.#present.map(({ size }) => size);
    const all = [...this.capacities.values()];
    return Math.max(...CLASSES.map((each) => sum(taken, each) / sum(all, each)));
  }

  /** To be called before the request is sent. */
  ask(wish: Wish): Question {
    const question = { wish, since: ++this.#now };
    this.#underWay.add(question);
    return question;
  }

  /** @param hosts where its servers went, in their order */
  place(question: Question, hosts: readonly string[]): void {
    const { wish, since } = question;
    for (const [index, serverId] of wish.serverIds.entries()) {
      const host = hosts[index] ?? "";
      const groupId = wish.group?.id ?? null;
      const holding = { serverId, host, size: wish.size, groupId, from: since, until: Number.POSITIVE_INFINITY };
      const others = this.#holdings.get(host);
      if (!others) throw new Error(`there is no host ${host}`);
      others.push(holding);
      this.#present.push(holding);
      this.#placed++;
    }
    this.#end(question);
  }

  refuse(question: Question, reason: string): void {
    this.#refused++;
    this.#open.push({ ...question, reason, until: ++this.#now });
    this.#end(question);
  }

  /** It is known by now that nothing came of it. */
  giveUp(question: Question): void {
    this.#end(question);
  }

  /** Some that are present, at random, to be taken away: nobody else gets them. */
  drawSome(howMany: number): readonly Holding[] {
    return Array.from({ length: howMany }, () => {
      const at = Math.floor(Math.random() * this.#present.length);
      const last = this.#present.pop();
      const drawn = this.#present[at] ?? last;
      if (last && drawn !== last) this.#present[at] = last;
      return drawn;
    }).filter((drawn) => drawn !== undefined);
  }

  /** They are known to take nothing any more. */
  forget(holdings: readonly Holding[]): void {
    const now = ++this.#now;
    for (const holding of holdings) holding.until = now;
  }

  #end(question: Question): void {
    this.#underWay.delete(question);
    const [oldest] = this.#underWay;
    const settled = oldest?.since ?? Number.POSITIVE_INFINITY;
    for (let next = this.#open[0]; next && next.until < settled; next = this.#open[0]) {
      this.#judge(next);
      this.#open.shift();
    }
    const needed = Math.min(settled, this.#now, ...this.#open.map(({ since }) => since));
    for (const holdings of this.#holdings.values()) dropEnded(holdings, needed);
  }

  #judge(refusal: Refusal): void {
    const { wish } = refusal;
    const rooms = [...this.capacities.keys()].map((host) => this.#certainRoom(host, refusal));
    const counts = rooms.map(({ servers }) => servers);
    const isTogether = wish.group?.policy === "affinity";
    const servers = isTogether ? Math.max(...counts) : counts.reduce((sum, count) => sum + count, 0);
    if (servers >= wish.serverIds.length) this.wrongRefusals.push(storyOf(refusal, rooms));
  }

  /** For how many such servers a host had room at each moment from a request to its refusal. */
  #certainRoom(host: string, { wish: { size, group }, since, until }: Refusal): CertainRoom {
    const overlapping = (this.#holdings.get(host) ?? []).filter(
      (holding) => holding.from <= until && holding.until >= since,
    );
    const free = { ...(this.capacities.get(host) ?? NOTHING) };
    for (const each of CLASSES) free[each] -= mostAtOnce(overlapping, since, (holding) => holding.size[each]);
    const fitting = Math.min(...CLASSES.map((each) => Math.floor(free[each] / size[each])));
    const members = mostAtOnce(overlapping, since, ({ groupId }) => (group && groupId === group.id ? 1 : 0));
    const allowed = group?.policy === "anti-affinity" ? group.maxServerPerHost - members : Number.POSITIVE_INFINITY;
    return { host, servers: Math.max(0, Math.min(fitting, allowed)), free };
  }
}

/** Forgets those that ended before that. */
function dropEnded(holdings: Holding[], needed: number): void {
  const kept = holdings.filter(({ until }) => until >= needed);
  if (kept.length < holdings.length) holdings.splice(0, holdings.length, ...kept);
}

/** The most that holdings come to at any moment from `since` on. */
function mostAtOnce(holdings: readonly Holding[], since: number, amountOf: (holding: Holding) => number): number {
  const changes = holdings.flatMap((holding) => [
    { at: Math.max(holding.from, since), more: amountOf(holding) },
    { at: holding.until, more: -amountOf(holding) },
  ]);
  let [sum, most] = [0, 0];
  for (const { more } of changes.sort((one, other) => one.at - other.at || other.more - one.more)) {
    sum += more;
    most = Math.max(most, sum);
  }
  return most;
}

function storyOf({ wish, since, until, reason }: Refusal, rooms: readonly CertainRoom[]): string {
  const { size, serverIds, group } = wish;
  const within = group ? `, in group ${group.id} of ${group.policy}, ${group.maxServerPerHost} on a host` : "";
  const roomy = rooms.filter(({ servers }) => servers > 0).sort((one, other) => other.servers - one.servers);
  const told = roomy
    .slice(0, TOLD)
    .map(({ host, servers, free }) => `${host} for ${servers}, with never less than ${amountsText(free)} free`);
  const others = roomy.length > TOLD ? ` And ${roomy.length - TOLD} other hosts had room.` : "";
  return [
    `${serverIds.length} x ${amountsText(size)}${within}, refused between events ${since} and ${until}: ${reason}`,
    `  Yet there was certainly room all the while: ${told.join("; ")}.${others}`,
  ].join("\n");
}

function amountsText(amounts: Capacity): string {
  return CLASSES.map((each) => `${amounts[each]} ${each}`).join(" ");
}
