import type { FlavorRecord } from "@kilonova/compute-store";

/** By what flavors can be sorted, under the API's names. */
const SORT_VALUES = {
  flavorid: (flavor) => flavor.id,
  id: (flavor) => flavor.id,
  name: (flavor) => flavor.name,
  memory_mb: (flavor) => flavor.memoryMb,
  root_gb: (flavor) => flavor.rootGb,
  ephemeral_gb: (flavor) => flavor.ephemeralGb,
  vcpus: (flavor) => flavor.vcpus,
  swap: (flavor) => flavor.swapMb,
  rxtx_factor: (flavor) => flavor.rxtxFactor,
  is_public: (flavor) => Number(flavor.isPublic),
  disabled: (flavor) => Number(flavor.disabled),
} as const satisfies Record<string, (flavor: FlavorRecord) => string | number>;

export type FlavorSortKey = keyof typeof SORT_VALUES;

export function isFlavorSortKey(key: string): key is FlavorSortKey {
  return Object.hasOwn(SORT_VALUES, key);
}

/** Which flavors are asked for, in which order. */
export interface FlavorPage {
  /** Undefined: whether public or not. */
  readonly isPublic: boolean | undefined;
  /** MiB */
  readonly minRam: number;
  /** GiB */
  readonly minDisk: number;
  readonly sortKey: FlavorSortKey;
  readonly descending: boolean;
  readonly limit: number;
  /** The id of the last flavor of the page before. */
  readonly marker: string | undefined;
}

/** One page of flavors, which are few; undefined where the marker is none of them. */
export function flavorPage(flavors: readonly FlavorRecord[], page: FlavorPage): readonly FlavorRecord[] | undefined {
  const value = SORT_VALUES[page.sortKey];
  const direction = page.descending ? -1 : 1;
  const sorted = flavors.toSorted(
    (one, other) => direction * (compare(value(one), value(other)) || compare(one.id, other.id)),
  );
  const marked = page.marker === undefined ? -1 : sorted.findIndex(({ id }) => id === page.marker);
  if (page.marker !== undefined && marked < 0) return undefined;
  return sorted
    .slice(marked + 1)
    .filter(
      (flavor) =>
        (page.isPublic === undefined || flavor.isPublic === page.isPublic) &&
        flavor.memoryMb >= page.minRam &&
        flavor.rootGb >= page.minDisk,
    )
    .slice(0, page.limit);
}

function compare(one: string | number, other: string | number): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
