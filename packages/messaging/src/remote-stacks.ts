/** Where the stacks of errors that cross the wire go: for a developer, in a process that logs at debug. */
export interface RemoteStacks {
  /** Asked for each failure. Only then are stacks sent, and told of where they arrive: they name files. */
  readonly wanted: () => boolean;
  readonly onStack: (failure: {
    readonly contract: string;
    readonly method: string;
    readonly requestId: string;
    /** Of whoever answered, as it sent it. */
    readonly stack: string;
  }) => void;
}

/** Characters */
const LONGEST_STACK = 10_000;

/** The stack of what was thrown, where it has one. */
export function stackOf(thrown: unknown): string | undefined {
  return thrown instanceof Error ? thrown.stack?.slice(0, LONGEST_STACK) : undefined;
}
