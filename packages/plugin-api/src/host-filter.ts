import type { HostState } from "./host-state.js";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";
import type { SchedulingRequest } from "./scheduling-request.js";

/**
 * What becomes of a host that is dropped: `not-now`, it may pass later by itself; `never`, not for such a request;
 * `needs`, somebody has to do something, as the words say.
 */
export type Outlook = "not-now" | "never" | "needs";

/** Why a host is dropped, in words that go into the sentence a user reads: `7 of 12 hosts are disabled`. */
export interface HostRefusal {
  /** Stable, kebab-case: what is counted. */
  readonly code: string;
  /** What is wrong with the host, as it stands after "hosts": `are disabled`, `are down`. */
  readonly words: string;
  /** `never` where nothing is said. */
  readonly outlook?: Outlook;
}

/** True: the host passes. False: it does not, and the filter's name has to do for a reason. */
export type HostVerdict = true | false | HostRefusal;

/** A part of the hosts that an index leads to. All that is said holds together. */
export interface HostNarrowing {
  /** Hosts of these names. */
  readonly hosts?: readonly string[];
  /** Hosts with these root providers. */
  readonly providerIds?: readonly string[];
  /** Hosts in one of these host aggregates at least, by uuid. */
  readonly aggregates?: readonly string[];
  /** Hosts whose root provider has all of these traits. */
  readonly traits?: readonly string[];
}

/**
 * Drops hosts that a server must not go to. `scheduler.filters` names those in use, in order; one object per process.
 * One method has to be written, `hostPasses`. It is called on the request's path: quick, synchronous, without side
 * effects; it sees host and request alone, and answers the same for the same of both. The others are for speed.
 *
 * @typeParam Prepared what {@link prepare} makes of a request
 */
export abstract class HostFilter<Prepared = unknown> {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "filter", version: 1 };

  /** True: asked for a rebuild, too, where the server stays on its host and only its image changes. */
  readonly runsOnRebuild: boolean = false;

  /**
   * True where it looks at where other servers are: `serverHosts`, `groupMembers`. It is asked anew for each server of a
   * request then, and what it says holds for no other request.
   */
  readonly seesServers: boolean = false;

  /** True where it looks at `imageProperties` of hosts: they are counted only where somebody does. */
  readonly readsImageProperties: boolean = false;

  /** @param prepared what {@link prepare} made of this request */
  abstract hostPasses(host: HostState, request: SchedulingRequest, prepared: Prepared): HostVerdict;

  /** False where it has nothing against any host for such a request: it is passed over then. */
  concerns?(request: SchedulingRequest): boolean;

  /**
   * All that it reads of a request, as a text: for requests that give the same text its verdict on a host is asked for
   * once, and again when the host has changed. Where it is missing, only equal requests share verdicts.
   */
  signature?(request: SchedulingRequest): string;

  /** Called once for a request before any host is asked about: what is costly to read is read here. */
  prepare?(request: SchedulingRequest): Prepared;

  /** Hosts outside of this are dropped without being asked about, in the words of `refusal`. They are found by an index. */
  narrow?(request: SchedulingRequest): { readonly within: HostNarrowing; readonly refusal: HostRefusal } | undefined;

  /** In place of `hostPasses`, many hosts at once: a verdict for each, in their order. */
  hostsPass?(hosts: readonly HostState[], request: SchedulingRequest, prepared: Prepared): readonly HostVerdict[];
}
