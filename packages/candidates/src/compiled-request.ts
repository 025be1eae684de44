import type { RequestGroup, ResourceRequest } from "@kilonova/contracts";

/** An amount of one resource. */
export interface Ask {
  readonly resourceClass: string;
  readonly amount: number;
}

/** What one provider has to serve by itself: a group with a suffix, or one resource of a group that may be spread. */
export interface Part {
  readonly group: CompiledGroup;
  readonly asks: readonly Ask[];
  /** Those of the asks that other parts ask for as well: by the class's number, what they take adds up. */
  readonly contended: readonly { readonly number: number; readonly ask: Ask }[];
}

/** A request group, read once. */
export interface CompiledGroup extends Omit<RequestGroup, "resources"> {
  /** It may be spread over a tree and those that share with it. */
  readonly spreads: boolean;
  readonly asks: readonly Ask[];
  /** It says more of a provider than what it has to give and which traits are required. */
  readonly isPlaced: boolean;
}

/** A resource request, read once and looked at for each tree. It depends on no index: what is added later counts. */
export interface CompiledRequest {
  readonly groups: readonly CompiledGroup[];
  readonly parts: readonly Part[];
  /** The one group of a request that has no other, and may be spread: where the root can serve it, the tree can. */
  readonly flat: CompiledGroup | undefined;
  /** What is asked for of each resource by all groups together. */
  readonly totals: readonly Ask[];
  /** How many resources are asked for by more than one part. */
  readonly contended: number;
  /** How many groups have a suffix. */
  readonly suffixed: number;
  /** Parts that have providers each have them together: nothing ties them to each other. */
  readonly isLoose: boolean;
  /** Groups with a suffix come from different providers. */
  readonly isolates: boolean;
  readonly rootRequired: readonly string[];
  readonly rootForbidden: readonly string[];
  readonly sameSubtree: readonly (readonly string[])[];
}

/** Reads a request. Asking for none of a resource is not asking for it. */
export function compileRequest(request: ResourceRequest): CompiledRequest {
  const groups = request.groups.map(compileGroup);
  const split = groups.flatMap((group) => partsOf(group).map((asks) => ({ group, asks })));
  const totals = new Map<string, number>();
  const askers = new Map<string, number>();
  for (const { resourceClass, amount } of split.flatMap(({ asks }) => asks)) {
    totals.set(resourceClass, (totals.get(resourceClass) ?? 0) + amount);
    askers.set(resourceClass, (askers.get(resourceClass) ?? 0) + 1);
  }
  const contended = [...askers].filter(([, count]) => count > 1).map(([resourceClass]) => resourceClass);
  const numbers = new Map(contended.map((resourceClass, number) => [resourceClass, number]));
  const [first] = groups;
  const suffixed = groups.filter(({ spreads }) => !spreads).length;
  const isolates = request.groupPolicy === "isolate";
  const hasJointTraits = groups.some(({ spreads, required }) => spreads && required.length > 0);
  const isBound = hasJointTraits || (isolates && suffixed > 1) || request.sameSubtree.length > 0;
  return {
    groups,
    parts: split.map((part) => ({
      ...part,
      contended: part.asks.flatMap((ask) => {
        const number = numbers.get(ask.resourceClass);
        return number === undefined ? [] : [{ number, ask }];
      }),
    })),
    flat: groups.length === 1 && first?.spreads ? first : undefined,
    totals: [...totals].map(([resourceClass, amount]) => ({ resourceClass, amount })),
    contended: contended.length,
    suffixed,
    isLoose: contended.length === 0 && !isBound,
    isolates,
    rootRequired: request.rootRequired,
    rootForbidden: request.rootForbidden,
    sameSubtree: request.sameSubtree,
  };
}

/** The request for so much of each resource from one host, wherever in its tree. */
export function flatRequest(
  resources: RequestGroup["resources"],
  constraints: Partial<Omit<RequestGroup, "resources" | "suffix">> = {},
): ResourceRequest {
  const free = { required: [], forbidden: [], memberOf: [], notMemberOf: [], inTree: null };
  return {
    groups: [{ ...free, ...constraints, suffix: "", resources }],
    groupPolicy: null,
    rootRequired: [],
    rootForbidden: [],
    sameSubtree: [],
  };
}

function compileGroup({ resources, ...group }: RequestGroup): CompiledGroup {
  const asks = Object.entries(resources)
    .filter(([, amount]) => amount > 0)
    .map(([resourceClass, amount]) => ({ resourceClass, amount }));
  const { forbidden, memberOf, notMemberOf, inTree } = group;
  const isPlaced = inTree !== null || forbidden.length + memberOf.length + notMemberOf.length > 0;
  return { ...group, spreads: group.suffix === "", asks, isPlaced };
}

function partsOf({ spreads, asks }: CompiledGroup): readonly (readonly Ask[])[] {
  return spreads && asks.length > 0 ? asks.map((ask) => [ask]) : [asks];
}
