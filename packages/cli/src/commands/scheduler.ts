import { Command, InvalidArgumentError } from "commander";
import { type CloudFlags, cloudOf, withCloudFlags } from "../cloud/cloud-flags.js";
import type { CommandWorld } from "../command-world.js";
import type { DryRunFlags } from "../scheduler/dry-run-request.js";
import { type Hints, withHint } from "../scheduler/hints.js";

interface Flags extends CloudFlags {
  readonly json?: boolean;
}

interface ListFlags extends Flags {
  readonly server?: string;
  readonly outcome?: string;
  readonly since?: string;
  readonly limit: number;
}

const PATH = "/kilonova/scheduler";
const OUTCOMES = "placed, no-valid-host, stale-fence, failed";

/** `kilonova scheduler decisions | explain | dry-run | chain show`: what schedulers decide, and why. */
export function schedulerCommand(world: CommandWorld): Command {
  const group = new Command("scheduler")
    .description("Show what the schedulers decided and why, what they would decide, and by which rules.")
    .addHelpText("after", "\nExample:\n  kilonova scheduler explain web-1");
  for (const make of [decisionsCommand, explainCommand, dryRunCommand, chainCommand]) group.addCommand(make(world));
  return group;
}

function decisionsCommand({ terminal }: CommandWorld): Command {
  const command = new Command("decisions")
    .description("List what was decided, the newest first.")
    .option("--server <server>", "about this server, by its id or name")
    .option("--outcome <outcome>", OUTCOMES)
    .option("--since <time>", "not older than this: 30m, 2h, 1d, or an instant in ISO 8601")
    .option("--limit <number>", "so many at most", wholeNumber, 20)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  kilonova scheduler decisions --outcome no-valid-host --since 1h")
    .action(async (flags: ListFlags) => {
      const { printDecisions } = await import("../scheduler/print-decisions.js");
      const { decisionsReply } = await import("../scheduler/replies.js");
      const since = flags.since === undefined ? undefined : await instantOf(flags.since);
      const cloud = await cloudOf(flags);
      const { findServer } = await import("../scheduler/find-server.js");
      const server = flags.server === undefined ? undefined : await findServer(cloud, flags.server);
      const { outcome, limit } = flags;
      const query = { server_id: server?.id, outcome, since, limit };
      const { decisions } = await cloud.get(decisionsReply, `${PATH}/decisions`, query);
      if (flags.json) return terminal.print(JSON.stringify(decisions, null, 2));
      printDecisions(decisions, terminal);
    });
  return withCloudFlags(command);
}

function explainCommand({ terminal }: CommandWorld): Command {
  const command = new Command("explain")
    .description(
      "Explain the newest decision about a server: which hosts there were, what dropped them, which was best.",
    )
    .argument("<server>", "its id or its name")
    .option("--json", "print JSON: the whole decision")
    .addHelpText("after", "\nExample:\n  kilonova scheduler explain web-1")
    .action(async (name: string, flags: Flags) => {
      const cloud = await cloudOf(flags);
      const { findServer } = await import("../scheduler/find-server.js");
      const { printDecision } = await import("../scheduler/print-decision.js");
      const { decisionReply } = await import("../scheduler/replies.js");
      const server = await findServer(cloud, name);
      const { decision } = await cloud.get(decisionReply, `${PATH}/servers/${server.id}/decision`);
      if (flags.json) return terminal.print(JSON.stringify(decision, null, 2));
      printDecision(decision, server, terminal);
    });
  return withCloudFlags(command);
}

function dryRunCommand({ terminal }: CommandWorld): Command {
  const command = new Command("dry-run")
    .description("Say where servers would go now, and why not elsewhere. Nothing is claimed.")
    .requiredOption("--flavor <flavor>", "its id or name")
    .requiredOption("--image <image>", "its id or name")
    .option("--count <number>", "so many servers at once", wholeNumber, 1)
    .option("--availability-zone <zone>", "in this zone")
    .option("--host <host>", "on this host or nowhere")
    .option("--hint <key=value>", "a scheduler hint; may come again", hint, {})
    .option("--profile <name>", "by this profile of the schedulers'")
    .option("--json", "print JSON: the whole decision")
    .addHelpText("after", "\nExample:\n  kilonova scheduler dry-run --flavor m1.small --image cirros --count 3")
    .action(async (flags: Flags & DryRunFlags) => {
      const cloud = await cloudOf(flags);
      const { dryRunBody } = await import("../scheduler/dry-run-request.js");
      const { printDecision } = await import("../scheduler/print-decision.js");
      const { decisionReply } = await import("../scheduler/replies.js");
      const { decision } = await cloud.post(decisionReply, `${PATH}/dry-run`, await dryRunBody(cloud, flags));
      if (flags.json) return terminal.print(JSON.stringify(decision, null, 2));
      printDecision(decision, undefined, terminal);
    });
  return withCloudFlags(command);
}

function chainCommand({ terminal, endWith }: CommandWorld): Command {
  const show = new Command("show")
    .description("Show the filters and weighers that each scheduler runs at this moment, and whether all run the same.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nEnds with 0 where all schedulers answer and run the same, else with 1.")
    .addHelpText("after", "\nExample:\n  kilonova scheduler chain show")
    .action(async (flags: Flags) => {
      const { EXIT_FAILURE } = await import("../terminal.js");
      const { printChains } = await import("../scheduler/print-chains.js");
      const { chainsReply } = await import("../scheduler/replies.js");
      const cloud = await cloudOf(flags);
      const chains = await cloud.get(chainsReply, `${PATH}/chains`);
      if (!chains.agree || chains.silent.length > 0 || chains.chains.length === 0) endWith(EXIT_FAILURE);
      if (flags.json) return terminal.print(JSON.stringify(chains, null, 2));
      printChains(chains, terminal);
    });
  return new Command("chain")
    .description("Show by which rules schedulers decide.")
    .addHelpText("after", "\nExample:\n  kilonova scheduler chain show")
    .addCommand(withCloudFlags(show));
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("It takes a whole number from 1 on.");
  return Number(text);
}

function hint(text: string, before: Hints): Hints {
  const hints = withHint(before, text);
  if (!hints) throw new InvalidArgumentError("It takes the form key=value.");
  return hints;
}

/** An instant, or how long ago one is; what is neither goes to the cloud as it is, which says what is wrong. */
async function instantOf(text: string): Promise<string> {
  const { duration } = await import("@kilonova/config");
  const ago = duration("1h").safeParse(text);
  return ago.success ? new Date(Date.now() - ago.data).toISOString() : text;
}
