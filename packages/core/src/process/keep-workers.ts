import { type Configuration, ConfigurationError, originText } from "@kilonova/config";
import { processLogger } from "../logging.js";
import { logOptions, serviceOptions, transportOptions } from "../options.js";
import { LONGEST_WAY_OUT } from "../service/service.js";
import type { StartInterruption } from "./start-interruption.js";
import { untilStopped, type WorkingProcess } from "./until-stopped.js";
import { isWorkerProcess, type WorkerReady } from "./worker-process.js";
import { Workers } from "./workers.js";

/** A primary process, whose workers serve. */
export interface PrimaryProcess extends WorkingProcess {
  /** What the first worker said when it was up. */
  readonly ready: WorkerReady;
}

/**
 * How many workers a process shall have: 0 where it serves by itself, as a worker does and as `service.workers: 1` says.
 *
 * @throws ConfigurationError where there shall be several over a transport that no other process hears
 */
export function workersWanted(configuration: Configuration): number {
  const { workers } = configuration.get(serviceOptions);
  const { driver } = configuration.get(transportOptions);
  if (workers === 1) return 0;
  if (driver === transportOptions.schema.parse({}).driver) {
    const { origin } = configuration.lookUp("service.workers");
    throw new ConfigurationError(configuration.program, [
      {
        option: "service.workers",
        place: originText(origin),
        expected: `1 over ${driver}, which stays in one process; for more, let transport.driver name a broker's transport`,
        received: String(workers),
      },
    ]);
  }
  return isWorkerProcess() ? 0 : workers;
}

/**
 * Starts workers that run this program again, and watches over them until the process is told to stop.
 *
 * @param services how many services each runs, one after the other when they stop
 * @throws KilonovaError `service.failedToStart` where one ends before it is up, or the start is interrupted
 */
export async function keepWorkers(
  configuration: Configuration,
  interruption: StartInterruption,
  count: number,
  services: number,
): Promise<PrimaryProcess> {
  const logger = processLogger(configuration.get(logOptions), { host: configuration.get(serviceOptions).host });
  const drain = services * (configuration.get(serviceOptions).gracefulShutdownTimeout + LONGEST_WAY_OUT);
  const workers = await Workers.start({ count, logger, drain, signal: interruption.signal });
  const reload = async () => {
    // What is wrong with the files is said once, here, and the workers keep what they have.
    await configuration.reload();
    logger.setLevel(configuration.get(logOptions).level);
    workers.reload();
  };
  logger.info({ workers: count }, "the workers are up");
  return { ready: workers.ready, ...untilStopped(logger, { stop: () => workers.stop(), reload }) };
}
