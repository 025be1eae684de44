const UNIQUE_VIOLATION = "23505";

/** True where a write failed because a name is taken; drizzle wraps what the database said. */
export function isUniqueViolation(error: unknown): boolean {
  for (let one: unknown = error; typeof one === "object" && one !== null; one = (one as { cause?: unknown }).cause) {
    if ((one as { code?: unknown }).code === UNIQUE_VIOLATION) return true;
  }
  return false;
}
