import type { DeadCastObserver, RemoteStacks } from "@kilonova/messaging";
import type { Logger } from "@kilonova/plugin-api";

/** Has stacks of errors cross the wire, and be logged where they arrive, while this process logs at debug. */
export function remoteStacks(logger: Logger, level: () => string): RemoteStacks {
  return {
    wanted: () => ["debug", "trace"].includes(level()),
    onStack: (failure) => logger.debug({ ...failure }, "an RPC call failed elsewhere"),
  };
}

/** Names each cast that is given up in the log, and what to do about it. */
export function deadCastObserver(logger: Logger): DeadCastObserver {
  return ({ address: { topic }, ...cast }) => {
    logger.warn({ topic, ...cast }, "a cast was given up: see `kilonova rpc dead`");
  };
}
