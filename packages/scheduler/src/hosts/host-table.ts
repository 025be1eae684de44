import type { ServiceRecord } from "@kilonova/contracts";
import type { HostState, HostStates, ServiceGroupDriver } from "@kilonova/plugin-api";
import { type Token, token } from "@kilonova/plugin-api";
import { ChangeLog } from "./change-log.js";
import { HostAggregates, zoneOf } from "./host-aggregates.js";
import { type Overrides, stateOf } from "./host-view.js";
import { type AggregateOfHosts, type Hypervisor, isSame, type KnownHost } from "./known-host.js";
import { NextRun } from "./next-run.js";
import type { ProviderMirror } from "./provider-mirror.js";

/** Who is there, read in the background: one question each for all hosts. */
export interface HostSource {
  hypervisors(): Promise<readonly Hypervisor[]>;
  /** The records of compute services. */
  services(): Promise<readonly ServiceRecord[]>;
  aggregates(): Promise<readonly AggregateOfHosts[]>;
  /** How many servers are being built, moved or the like, by host. */
  ioOps(): Promise<ReadonlyMap<string, number>>;
  /** Asked for where somebody looks at it alone: by host, how many servers are from an image with `key=value`. */
  imageProperties(): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>>;
}

const NOTHING: ReadonlyMap<string, number> = new Map();

/**
 * The hosts of the cloud: placement's mirror joined with what is known of hypervisors and services. Each has a slot, that of
 * its root provider in the mirror's index. Its state is made when it is first looked at, and kept until something of it
 * changes.
 */
export class HostTable implements HostStates {
  /** What changes in hosts, by slot. */
  readonly changes = new ChangeLog();
  /** Milliseconds that the last reading of hypervisors, services and the like took. */
  readTime = 0;
  #known: ReadonlyMap<string, KnownHost> = new Map();
  #byName: ReadonlyMap<string, readonly string[]> = new Map();
  #aggregates = HostAggregates.none;
  #states: (HostState | undefined)[] = [];
  /** By slot, as of its last change. */
  readonly #rootIds: (string | undefined)[] = [];
  #slots: Int32Array | undefined;
  readonly #reload = new NextRun(() => this.#readHosts());
  #isRead = false;

  /** @param options what hosts are in that are in no zone; whether somebody looks at image properties */
  constructor(
    readonly mirror: ProviderMirror,
    private readonly source: HostSource,
    private readonly group: ServiceGroupDriver,
    private readonly options: {
      readonly defaultAvailabilityZone: string;
      readonly needsImageProperties: (aggregateKeys: ReadonlySet<string>) => boolean;
    },
  ) {
    mirror.onChange = (slot) => this.#changed(slot);
    mirror.onChangeOfMany = () => this.changes.noteAll();
    mirror.aggregatesOf = (providerId) => this.#known.get(providerId)?.aggregates.map(({ uuid }) => uuid) ?? [];
  }

  all(): readonly HostState[] {
    return [...this.slots].flatMap((slot) => this.at(slot) ?? []);
  }

  /** The host of a root provider. */
  get(providerId: string): HostState | undefined {
    const slot = this.mirror.index.slotOf(providerId);
    return slot === undefined ? undefined : this.at(slot);
  }

  /** The host in a slot; undefined where there is a provider that is no host. */
  at(slot: number): HostState | undefined {
    const cached = this.#states[slot];
    if (cached) return cached;
    const root = this.mirror.index.rootAt(slot);
    const known = root && this.#known.get(root.id);
    if (!known) return undefined;
    const state = stateOf(known, this.mirror.index.tree(root.id));
    this.#states[slot] = state;
    return state;
  }

  /** The slots of all hosts, ascending. */
  get slots(): Int32Array {
    this.#slots ??= Int32Array.from([...this.#known.keys()].flatMap((id) => this.mirror.index.slotOf(id) ?? [])).sort();
    return this.#slots;
  }

  /** The slots of the hosts of one name: a host may have several hypervisors. */
  slotsOf(host: string): readonly number[] {
    return (this.#byName.get(host) ?? []).flatMap((id) => this.mirror.index.slotOf(id) ?? []);
  }

  /** True where a slot is a host's. */
  isHost(slot: number): boolean {
    const root = this.mirror.index.rootAt(slot);
    return root !== undefined && this.#known.has(root.id);
  }

  get aggregates(): readonly AggregateOfHosts[] {
    return this.#aggregates.all;
  }

  /** What the metadata of some aggregate says something under. */
  get aggregateKeys(): ReadonlySet<string> {
    return this.#aggregates.keys;
  }

  /** A host's state, were its providers like that. */
  imagine(slot: number, overrides: Overrides): HostState | undefined {
    const root = this.mirror.index.rootAt(slot);
    const known = root && this.#known.get(root.id);
    if (!known) return undefined;
    const tree = this.mirror.index.tree(root.id).map((each) => overrides.get(each.id) ?? each);
    // Each server that comes is built first: that keeps the host's disks busy.
    const more = Math.max(0, (tree[0]?.consumers ?? 0) - root.consumers);
    return stateOf({ ...known, ioOps: known.ioOps + more }, tree);
  }

  /** Catches up where what is known is older than that, or was never read. */
  async ensureFresh(maxAge: number): Promise<void> {
    if (this.mirror.age <= maxAge && this.#isRead) return;
    await Promise.all([
      this.mirror.age > maxAge ? this.mirror.catchUp() : undefined,
      this.#isRead ? undefined : this.#reload.ask(),
    ]);
  }

  /** Catches up with all that happened before the call. */
  async refresh(): Promise<void> {
    await Promise.all([this.mirror.catchUp(), this.#reload.ask()]);
  }

  /** Reads hypervisors, services and the like again. */
  reload(): Promise<void> {
    return this.#reload.ask();
  }

  async #readHosts(): Promise<void> {
    const began = performance.now();
    const { source } = this;
    const [hypervisors, services, aggregates, ioOps, imageProperties] = await Promise.all([
      source.hypervisors(),
      source.services(),
      source.aggregates(),
      source.ioOps(),
      this.options.needsImageProperties(this.aggregateKeys)
        ? source.imageProperties()
        : new Map<string, ReadonlyMap<string, number>>(),
    ]);
    const aggregatesBefore = this.#aggregates;
    this.#aggregates = HostAggregates.read(aggregates, aggregatesBefore);
    // Which weighers count at all may have changed with them.
    if (!isSameSet(this.#aggregates.keys, aggregatesBefore.keys)) this.changes.noteAll();
    const byHost = new Map(services.map((service) => [service.host, service]));
    const known = new Map<string, KnownHost>();
    const byName = new Map<string, string[]>();
    for (const hypervisor of hypervisors) {
      const { id, host } = hypervisor;
      const service = byHost.get(host);
      if (!service) continue;
      const inAggregates = this.#aggregates.of(host);
      known.set(id, {
        hypervisor,
        service,
        up: this.group.isUp(service),
        aggregates: inAggregates,
        availabilityZone: zoneOf(inAggregates, this.options.defaultAvailabilityZone),
        ioOps: ioOps.get(host) ?? 0,
        imageProperties: imageProperties.get(host) ?? NOTHING,
      });
      const ids = byName.get(host);
      if (ids) ids.push(id);
      else byName.set(host, [id]);
    }
    this.#byName = byName;
    this.#replace(known);
    this.#isRead = true;
    this.readTime = performance.now() - began;
  }

  /** Puts a reading in place of the one before; only what is another is noted as changed. */
  #replace(known: ReadonlyMap<string, KnownHost>): void {
    const before = this.#known;
    this.#known = known;
    const { mirror } = this;
    for (const [id, now] of known) {
      const old = before.get(id);
      if (old && isSame(old, now)) continue;
      if (!old) this.#slots = undefined;
      if (old?.aggregates === now.aggregates) this.#changedRoot(id);
      else mirror.showAgain(id);
    }
    for (const id of before.keys()) {
      if (known.has(id)) continue;
      this.#slots = undefined;
      mirror.showAgain(id);
    }
  }

  #changedRoot(id: string): void {
    const slot = this.mirror.index.slotOf(id);
    if (slot !== undefined) this.#changed(slot);
  }

  #changed(slot: number): void {
    this.#states[slot] = undefined;
    this.changes.note(slot);
    const rootId = this.mirror.index.rootAt(slot)?.id;
    if (rootId === this.#rootIds[slot]) return;
    this.#rootIds[slot] = rootId;
    this.#slots = undefined;
  }
}

/** The table, for strategies in the box; others are given it as `HOST_STATES`. */
export const HOST_TABLE: Token<HostTable> = token("host-table");

function isSameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((each) => other.has(each));
}
