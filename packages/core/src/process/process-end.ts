import cluster from "node:cluster";
import { isWorkerProcess } from "./worker-process.js";

/** Milliseconds that a process which is done may be kept by what somebody left open. */
const LINGERING_TIME = 5_000;

/**
 * To be called by a main program when it is done: the process ends by itself, with `process.exitCode`, and where
 * something keeps it, a timer or a socket that nobody closed, it is named and ended all the same.
 */
export function endProcess(program: string): void {
  if (isWorkerProcess() && cluster.worker?.isConnected()) cluster.worker.disconnect();
  const timer = setTimeout(() => {
    const kept = [...new Set(process.getActiveResourcesInfo())].join(", ");
    process.stderr.write(`${program}: the process was kept by what nobody had closed (${kept}); it ends now.\n`);
    process.exit();
  }, LINGERING_TIME);
  timer.unref();
}
