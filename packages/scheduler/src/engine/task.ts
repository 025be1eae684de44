import type { CompiledRequest } from "@kilonova/candidates";
import type { SchedulingRequest } from "@kilonova/plugin-api";
import type { Chain } from "../chain/chain.js";
import type { AggregateWords } from "../request/request-draft.js";

/** What is asked, read once: one request, one way of asking placement for it, one chain. */
export interface Task {
  readonly chain: Chain;
  readonly request: SchedulingRequest;
  /** Undefined where nothing is asked of placement: a rebuild keeps what it has. */
  readonly compiled: CompiledRequest | undefined;
  readonly words: AggregateWords;
  readonly ignoredHosts: ReadonlySet<string>;
  /** The same text for requests that are equal but for who they are for; undefined where none is equal to it. */
  readonly key: string | undefined;
}
