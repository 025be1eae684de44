/** A copy that is frozen all the way down, as core hands it out: who writes to it fails. */
export function frozenCopy<Value>(value: Value): Value {
  const copy = structuredClone(value);
  const pending: unknown[] = [copy];
  for (let each = pending.pop(); each !== undefined; each = pending.pop()) {
    if (typeof each !== "object" || each === null) continue;
    Object.freeze(each);
    pending.push(...Object.values(each).filter((inner) => inner !== undefined));
  }
  return copy;
}
