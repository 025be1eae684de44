import type { Configuration } from "@kilonova/config";
import { checkBasics } from "../basic-check.js";
import { type ProcessLogger, processLogger } from "../logging.js";
import { LoopWatch } from "../loop-watch/loop-watch.js";
import { logOptions, serviceOptions } from "../options.js";
import { type ProcessPlugins, startPlugins } from "../plugins/start-plugins.js";

/** What a process has before it is connected to anything. */
export interface ProcessBeginning {
  readonly logger: ProcessLogger;
  readonly loopWatch: LoopWatch;
  readonly plugins: ProcessPlugins;
}

/**
 * Begins a process: its log, then the watch of its loop, for what is loaded may block it, then its plugins, whose options
 * are declared. Whoever begins a process hands it to `Runtime.create`, or stops the watch.
 *
 * @param places URLs of modules beside which packages in the box are found
 * @throws ConfigurationError for wrong options of the groups that every process has; KilonovaError as `startPlugins`
 */
export async function beginProcess(
  configuration: Configuration,
  places: readonly string[] = [],
): Promise<ProcessBeginning> {
  const { program } = configuration;
  const log = configuration.get(logOptions);
  const { host, loopLagLimit } = configuration.get(serviceOptions);
  const logger = processLogger(log, { host });
  await checkBasics();
  const loopWatch = new LoopWatch({ limit: loopLagLimit, log, program, fields: { host } }, logger);
  try {
    return { logger, loopWatch, plugins: await startPlugins(configuration, logger, places) };
  } catch (error) {
    await loopWatch.stop();
    throw error;
  }
}
