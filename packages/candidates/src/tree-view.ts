import type { Provider } from "@kilonova/contracts";

/** A provider that a request at a tree may use. */
export interface Seat {
  /** Its place in the view. */
  readonly index: number;
  readonly provider: Provider;
  /** Of the tree itself, rather than one that shares with it. */
  readonly isOwn: boolean;
}

/** How providers are related, wherever they are. Undefined for one that is not known. */
export interface Lineage {
  parentOf(providerId: string): string | null | undefined;
  /** The root of a provider's tree. */
  rootOf(providerId: string): string | undefined;
}

/** All that may serve a request at one tree, for the length of one look. */
export interface TreeView {
  readonly root: Provider;
  /** The tree's own providers, the root first, then those that share with it. */
  readonly seats: readonly Seat[];
  readonly lineage: Lineage;
}
