import cluster from "node:cluster";
import { z } from "zod";

/** By this variable a process knows that it is a worker of ours, and not in a cluster of somebody else's making. */
export const WORKER_VARIABLE = "KILONOVA_WORKER";

/** What a worker tells its primary when it is up. */
const readySchema = z.object({ kilonova: z.literal("ready"), endpoint: z.string().optional() });

/** A worker is up. */
export interface WorkerReady {
  /** Where its web services are reached, where it has some. */
  readonly endpoint?: string | undefined;
}

/** True in a process that another of ours started as one of its workers. */
export function isWorkerProcess(): boolean {
  return cluster.isWorker && process.env[WORKER_VARIABLE] !== undefined;
}

/** From 1; 1 as well for a process that is no worker. A worker that died is replaced by one of its number. */
export function workerNumber(): number {
  return isWorkerProcess() ? Number(process.env[WORKER_VARIABLE]) : 1;
}

/** Tells the primary that this worker is up. */
export function reportReady(ready: WorkerReady): void {
  process.send?.({ kilonova: "ready", ...ready });
}

/** A worker's message, where it is the one that it is up. */
export function readReady(message: unknown): WorkerReady | undefined {
  return readySchema.safeParse(message).data;
}
