/**
 * Why a tree cannot serve a request. `suffix` names the group; it is empty for the group that may be spread, and for
 * what is asked of the root.
 */
export type Lack =
  /**
   * `resource`: less is free than is asked for, or there is no such resource. `unit`: the amount breaks the inventory's
   * least, largest or step. `free` is the most that one provider has left, `capacity` what that were if nothing was taken;
   * of what several groups ask for together, all of either.
   */
  | {
      readonly kind: "resource" | "unit";
      readonly resourceClass: string;
      readonly amount: number;
      readonly free: number;
      readonly capacity: number;
    }
  /** It has none of these traits. */
  | { readonly kind: "required-trait"; readonly traits: readonly string[]; readonly suffix: string }
  | { readonly kind: "forbidden-trait"; readonly trait: string; readonly suffix: string }
  /** It is in none of these aggregates. */
  | { readonly kind: "aggregate"; readonly aggregates: readonly string[]; readonly suffix: string }
  | { readonly kind: "forbidden-aggregate"; readonly aggregate: string; readonly suffix: string }
  /** It is not the tree with that provider. */
  | { readonly kind: "tree"; readonly providerId: string; readonly suffix: string }
  /** There are too few providers for each of these groups to have its own. */
  | { readonly kind: "group-policy"; readonly suffixes: readonly string[] }
  /** These groups would be served, but not below one of their providers. */
  | { readonly kind: "same-subtree"; readonly suffixes: readonly string[] }
  /** Each group could be served, but not all of them together; or no way was found within the bounds of the search. */
  | { readonly kind: "combination" };
