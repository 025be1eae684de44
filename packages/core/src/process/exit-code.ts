/** What a program that fails with this leaves with: 2 for a mistake in its options, 1 for all else. */
export function exitCodeOf(failure: unknown): 1 | 2 {
  return failure instanceof Error && "code" in failure && failure.code === "config.invalid" ? 2 : 1;
}
