import assert from "node:assert/strict";
import { type ErrorCode, isKilonovaError } from "@kilonova/messaging";

/** A check waits so long for something that must happen, and then says what did not. Milliseconds. */
const PATIENCE = 10_000;

/** Waits for what must happen. */
export async function soon<Value>(what: string, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new assert.AssertionError({ message: `${what}: not within ${PATIENCE} ms` })),
      PATIENCE,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a failure with that code. */
export async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  const failure = await soon(
    `a failure with ${code}`,
    promise.then(
      (value) => assert.fail(`expected ${code}, received ${JSON.stringify(value)}`),
      (error: unknown) => error,
    ),
  );
  if (!isKilonovaError(failure, code)) throw failure;
}
