import type { Clock, LogFields, Logger } from "@kilonova/plugin-api";

/** Milliseconds after which a step that has not ended is named, each time that they have passed. */
const PATIENCE = 10_000;

/** Whose steps are watched. */
export interface StepWorld {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * What a step comes to. While it takes long, a warning every ten seconds says what is waited for.
 *
 * @param fields more for each warning, asked for when it is written
 */
export async function watchStep<Value>(
  { clock, logger }: StepWorld,
  step: string,
  work: () => Promise<Value>,
  fields: () => LogFields = () => ({}),
): Promise<Value> {
  const over = new AbortController();
  const watch = async () => {
    for (let waited = PATIENCE; ; waited += PATIENCE) {
      await clock.sleep(PATIENCE, over.signal);
      logger.warn({ step, waited, ...fields() }, `the service still waits for ${step}`);
    }
  };
  // It ends when the step does.
  watch().catch(() => {});
  try {
    return await work();
  } finally {
    over.abort();
  }
}
