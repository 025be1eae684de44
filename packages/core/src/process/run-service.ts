import { type Configuration, ConfigurationError, helpText, loadConfiguration } from "@kilonova/config";
import { messageOf } from "@kilonova/messaging";
import { watchedCommand } from "../loop-watch/watched-command.js";
import { readPlugins } from "../plugins/start-plugins.js";
import { RUNTIME_GROUPS, Runtime } from "../runtime.js";
import { Service } from "../service/service.js";
import { managerPath, type ServiceSettings, topicOf } from "../service/service-settings.js";
import { leavingStep } from "../service/way-out.js";
import { exitCodeOf } from "./exit-code.js";
import { keepWorkers, workersWanted } from "./keep-workers.js";
import { endProcess } from "./process-end.js";
import { packageVersion, programName, programPlaces } from "./program.js";
import { StartInterruption } from "./start-interruption.js";
import { untilStopped } from "./until-stopped.js";
import { isWorkerProcess, reportReady } from "./worker-process.js";

/** A service that is a program of its own. */
export interface RunServiceSettings extends Omit<ServiceSettings, "runtime"> {
  /** What it does, in a sentence, for `--help`. */
  readonly description?: string;
  /** For `--version`; that of the program's package unless given. */
  readonly version?: string;
}

const HELP = ["-h", "--help"];
const SHORT_HELP = "--shorthelp";
const VERSION = ["-V", "--version"];

/**
 * The whole main of a service program: reads its options, answers `--help`, `--shorthelp` and `--version`, starts the
 * service, prints `ready TOPIC` when it can be called, and works until SIGTERM or Ctrl-C; a second one leaves at once.
 * With `service.workers` above 1, so many processes do the work and this one watches over them.
 *
 * It never throws: what fails is said on standard error, and `process.exitCode` is 2 for a mistake in the options and 1
 * for all else. Nothing should come after it.
 *
 * @example
 * await runService({ binary: "example-service", topic: "example", groups: [exampleOptions] });
 */
export async function runService(settings: RunServiceSettings = {}): Promise<void> {
  const program = settings.binary ?? programName();
  const interruption = new StartInterruption();
  try {
    await run(program, settings, interruption);
  } catch (error) {
    const exitCode = exitCodeOf(error);
    // A mistake in the options names the program by itself.
    process.stderr.write(exitCode === 2 ? `${messageOf(error)}\n` : `${program}: ${messageOf(error)}\n`);
    process.exitCode = exitCode;
  } finally {
    interruption.end();
    endProcess(program);
  }
}

async function run(program: string, settings: RunServiceSettings, interruption: StartInterruption): Promise<void> {
  const { groups = [] } = settings;
  const configuration = await loadConfiguration({ program, groups: [...RUNTIME_GROUPS, ...groups] });
  const answer = await answerFlags(configuration, program, settings);
  if (answer !== undefined) return print(answer);
  const workers = workersWanted(configuration);
  const topic = topicOf(program, settings);
  const { wait } =
    workers > 0
      ? await keepWorkers(configuration, interruption, workers, 1)
      : await serve(configuration, { ...settings, binary: program }, interruption);
  interruption.end();
  if (isWorkerProcess()) reportReady({});
  else print(`ready ${topic}`);
  await wait();
}

async function serve(configuration: Configuration, settings: RunServiceSettings, interruption: StartInterruption) {
  const beginning = Runtime.create({ configuration, places: programPlaces() });
  const runtime = await interruption.raceFor(beginning, (late) => late.close());
  try {
    const service = await Service.create({ ...settings, runtime });
    await interruption.whileStarting(service.serve(), () => service.stop());
    const stop = async () => {
      await service.stop();
      await leavingStep(runtime.logger, "close the runtime", () => runtime.close());
    };
    runtime.started();
    return untilStopped(runtime.logger, { stop, reload: () => service.reload() });
  } catch (error) {
    await leavingStep(runtime.logger, "close the runtime", () => runtime.close());
    throw error;
  }
}

/** The answer to a flag that asks for words. @throws ConfigurationError for what is no flag and no option */
async function answerFlags(
  configuration: Configuration,
  program: string,
  settings: RunServiceSettings,
): Promise<string | undefined> {
  const { rest } = configuration;
  const [stranger] = rest.filter((word) => ![...HELP, SHORT_HELP, ...VERSION].includes(word));
  if (stranger !== undefined) {
    const expected = `an option, --group.option VALUE, or ${[...HELP, SHORT_HELP, ...VERSION].join(", ")}`;
    throw new ConfigurationError(program, [{ option: stranger, place: "command line", expected, received: "a word" }]);
  }
  const { groups = [], description, version } = settings;
  const words = { program, ...(description === undefined ? {} : { description }) };
  const width = process.stdout.columns;
  const shape = width === undefined ? words : { ...words, width };
  if (HELP.some((flag) => rest.includes(flag))) {
    await declareAll(configuration, program, settings);
    return helpText({ ...shape, groups: configuration.groups() });
  }
  if (rest.includes(SHORT_HELP)) return helpText({ ...shape, groups });
  if (VERSION.some((flag) => rest.includes(flag))) return version ?? (await packageVersion());
  return undefined;
}

/** Declares what plugins and the manager's module bring, as far as it can be had: help is for who has made mistakes too. */
async function declareAll(configuration: Configuration, program: string, settings: RunServiceSettings): Promise<void> {
  try {
    const { loader } = await watchedCommand(program, () => readPlugins(configuration, programPlaces()));
    const topic = topicOf(program, settings);
    const path = settings.manager ?? managerPath(configuration, topic);
    const { optionGroups } = await loader.load(path, `option ${topic}.manager`, "service");
    configuration.register(...optionGroups);
  } catch (error) {
    process.stderr.write(`${program}: not all options are listed: ${messageOf(error)}\n`);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
