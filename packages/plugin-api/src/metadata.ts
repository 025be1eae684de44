/**
 * Decorators write metadata, nothing else; core's explorer reads it. It lives on the class itself under registered
 * symbols, so that a class decorated by one copy of this package is read by another.
 */
const METADATA = Symbol.for("kilonova.metadata");

export type Constructor = abstract new (...args: never[]) => object;

/** What decorators wrote on a class, its ancestors' included; the class's own entries come last and win. */
export function readMetadata<Entry>(target: Constructor, key: string): readonly Entry[] {
  const lineage: object[] = [];
  for (let type: object | null = target; typeof type === "function"; type = Object.getPrototypeOf(type))
    lineage.unshift(type);
  return lineage.flatMap((type) => (ownMetadata(type)?.[key] ?? []) as Entry[]);
}

/** What decorators wrote on this very class: constructor parameters are not inherited where a constructor is written. */
export function readOwnMetadata<Entry>(target: Constructor, key: string): readonly Entry[] | undefined {
  return ownMetadata(target)?.[key] as Entry[] | undefined;
}

export function writeMetadata<Entry>(target: Constructor, key: string, entry: Entry): void {
  const own = ownMetadata(target) ?? {};
  if (!Object.hasOwn(target, METADATA)) Object.defineProperty(target, METADATA, { value: own });
  const entries = own[key] ?? [];
  entries.push(entry);
  own[key] = entries;
}

function ownMetadata(target: object): Record<string, unknown[]> | undefined {
  return Object.hasOwn(target, METADATA)
    ? (target as Record<typeof METADATA, Record<string, unknown[]>>)[METADATA]
    : undefined;
}
