import type { Resources } from "@kilonova/contracts";

/** What is asked of the providers of one host. Traits by their full names. */
export interface ResourceRequest {
  readonly resources: Resources;
  /** The provider has all of them. */
  readonly requiredTraits: readonly string[];
  /** The provider has none of them. */
  readonly forbiddenTraits: readonly string[];
}
